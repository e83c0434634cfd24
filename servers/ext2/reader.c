// Decides for each stretch of a file whether its pages are the image's own.

#include "reader.h"

static_assert(WINDOW_PAGES == CACHE_RUN_PAGES);

// A request, cut to what one answer holds.
struct read {
    struct ext2 *fs;
    struct cache *cache;
    const struct ext2_inode *inode;
    uint64_t first;  // page
    unsigned wanted; // pages, none past the end
};

static unsigned smaller(uint64_t a, unsigned b)
{
    return a < b ? (unsigned)a : b;
}

static uint64_t pages_of(const struct ext2_inode *inode)
{
    return inode->size / PAGE_SIZE + (inode->size % PAGE_SIZE != 0);
}

// Brings what a stretch of file needs into runs of the cache, so that putting it together does not
// ask for one page after the other.
static status_t stretch_fetch(const struct read *read, unsigned count)
{
    uint64_t in_page = PAGE_SIZE >> read->fs->block_bits;
    uint64_t block = read->first * in_page, end = block + count * in_page;
    while (block < end) {
        struct ext2_run run;
        status_t status = ext2_map(read->fs, read->inode, block, end - block, &run);
        if (status != OK)
            return status;
        uint64_t page = run.block / in_page, last = (run.block + run.count - 1) / in_page;
        uaddr_t slots;
        unsigned got;
        if (run.block && last > page)
            status = cache_run(read->cache, page, smaller(last - page + 1, CACHE_RUN_PAGES), &slots,
                               &got);
        if (status != OK)
            return status;
        block += run.count;
    }
    return OK;
}

// Copies a stretch into fresh pages, which are zero where the file has nothing.
static status_t stretch_copy(const struct read *read, unsigned count, struct reader_answer *answer)
{
    status_t status = stretch_fetch(read, count);
    if (status == OK)
        status = window_fresh(count, &answer->slots);
    size_t done;
    if (status == OK)
        status = ext2_read(read->fs, read->inode, read->first * PAGE_SIZE, count * PAGE_SIZE,
                           (void *)answer->slots, &done);
    answer->count = count;
    return status;
}

// Puts pages together up to the next one that need not be.
static status_t mixed_read(const struct read *read, struct reader_answer *answer)
{
    unsigned count = 1;
    for (; count < read->wanted; count++) {
        struct ext2_pages pages;
        status_t status = ext2_pages_map(read->fs, read->inode, read->first + count, 1, &pages);
        if (status != OK || pages.layout != EXT2_PAGES_MIXED)
            break;
    }
    return stretch_copy(read, count, answer);
}

// Whether the file's last page shows anything behind the file's end. Tools leave zeros there; an
// image that does not must not leak it.
static bool tail_is_clean(const struct ext2_inode *inode, uaddr_t page)
{
    const unsigned char *bytes = (const unsigned char *)page;
    size_t at = inode->size % PAGE_SIZE;
    if (at == 0)
        return true;
    for (; at % sizeof(uint64_t); at++)
        if (bytes[at])
            return false;
    for (; at < PAGE_SIZE; at += sizeof(uint64_t))
        if (*(const uint64_t *)(const void *)(bytes + at))
            return false;
    return true;
}

static status_t image_read(const struct read *read, const struct ext2_pages *pages,
                           struct reader_answer *answer)
{
    unsigned count;
    status_t status = cache_run(read->cache, pages->image_page,
                                smaller(pages->count, CACHE_RUN_PAGES), &answer->slots, &count);
    if (status != OK)
        return status;
    answer->count = smaller(count, read->wanted);
    bool last = read->first + answer->count == pages_of(read->inode);
    uaddr_t last_page = answer->slots + (answer->count - 1) * PAGE_SIZE;
    if (!last || tail_is_clean(read->inode, last_page))
        return OK;
    if (--answer->count)
        return OK;
    return stretch_copy(read, 1, answer);
}

static status_t hole_read(const struct read *read, const struct ext2_pages *pages,
                          struct reader_answer *answer)
{
    answer->count = smaller(pages->count, read->wanted);
    return window_zeros(&answer->slots);
}

static status_t pages_read(const struct read *read, struct reader_answer *answer)
{
    struct ext2_pages pages;
    status_t status = ext2_pages_map(read->fs, read->inode, read->first, CACHE_RUN_PAGES, &pages);
    if (status != OK)
        return status;
    switch (pages.layout) {
    case EXT2_PAGES_HOLE:
        return hole_read(read, &pages, answer);
    case EXT2_PAGES_IMAGE:
        return image_read(read, &pages, answer);
    case EXT2_PAGES_MIXED:
        return mixed_read(read, answer);
    }
    return ERR_BAD_FORMAT;
}

status_t reader_read(struct ext2 *fs, struct cache *cache, const struct ext2_inode *inode,
                     uint64_t offset_bytes, unsigned limit, struct reader_answer *answer)
{
    *answer = (struct reader_answer){};
    if (offset_bytes % PAGE_SIZE)
        return ERR_BAD_ARGUMENT;
    if (offset_bytes >= inode->size || limit == 0)
        return OK;
    struct read read = {fs, cache, inode, offset_bytes / PAGE_SIZE, 0};
    limit = smaller(limit, CACHE_RUN_PAGES);
    read.wanted = smaller(pages_of(inode) - read.first, limit);
    status_t status = pages_read(&read, answer);
    if (status != OK)
        return status;
    uint64_t left = inode->size - offset_bytes;
    answer->bytes = smaller(left, answer->count * (unsigned)PAGE_SIZE);
    return OK;
}
