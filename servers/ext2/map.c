// From a file's blocks and pages to the image's.
//
// An inode lists 12 blocks, then one block that lists more, one that lists such lists, and one more
// level. Whatever the lists say, a look-up goes down at most three of them, so a list that names
// itself does no harm.

#include "internal.h"

#include <string.h>

// Where in the lists a file's block stands.
struct place {
    unsigned levels; // lists to go through, 0 to 3
    uint64_t below;  // blocks that one entry of the first list stands for
    uint64_t index;  // counted from the first block of that size of list
};

static struct place place_find(const struct ext2 *fs, uint64_t file_block)
{
    struct place place = {.index = file_block, .below = 1};
    uint64_t blocks = EXT2_DIRECT_BLOCKS; // that this many levels stand for
    unsigned entry_bits = fs->block_bits - 2;
    while (place.levels <= EXT2_INDIRECT_LEVELS && place.index >= blocks) {
        place.index -= blocks;
        place.levels++;
        blocks = 1ull << entry_bits * place.levels;
        place.below = blocks >> entry_bits;
    }
    return place;
}

// Counts the entries of `list` from `first` on, up to `limit`, that go on as the first begins.
static uint64_t run_length(const uint32_t *list, uint64_t first, uint64_t limit)
{
    uint64_t count = 1;
    uint64_t step = list[first] != 0;
    while (count < limit && list[first + count] == list[first] + count * step)
        count++;
    return count;
}

static status_t run_set(struct ext2 *fs, const struct ext2_inode *inode, const uint32_t *list,
                        uint64_t first, uint64_t limit, struct ext2_run *run)
{
    run->block = list[first];
    if (run->block >= fs->block_count)
        return EXT2_DAMAGED(fs, "inode %u: block %u beyond the end (%u blocks)", inode->number,
                            run->block, fs->block_count);
    run->count = run_length(list, first, limit);
    if (run->block)
        run->count = least(run->count, fs->block_count - run->block);
    return OK;
}

static status_t indirect_map(struct ext2 *fs, const struct ext2_inode *inode, struct place place,
                             uint64_t limit, struct ext2_run *run)
{
    uint64_t entries = fs->block_size / sizeof(uint32_t);
    uint32_t list_block = inode->block[EXT2_DIRECT_BLOCKS + place.levels - 1];
    for (uint64_t below = place.below;; below /= entries) {
        if (list_block == 0) {
            // Nothing is listed in what is left of this list.
            uint64_t span = below * entries;
            *run = (struct ext2_run){0, least(limit, span - place.index % span)};
            return OK;
        }
        const void *data;
        status_t status = ext2_block_view(fs, inode->number, list_block, &data);
        if (status != OK)
            return status;
        const uint32_t *list = data;
        uint64_t index = place.index / below % entries;
        if (below == 1)
            return run_set(fs, inode, list, index, least(limit, entries - index), run);
        list_block = list[index];
    }
}

status_t ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t file_block,
                  uint64_t limit, struct ext2_run *run)
{
    struct place place = place_find(fs, file_block);
    if (place.levels > EXT2_INDIRECT_LEVELS) {
        *run = (struct ext2_run){0, limit};
        return OK;
    }
    if (place.levels)
        return indirect_map(fs, inode, place, limit, run);
    return run_set(fs, inode, inode->block, place.index,
                   least(limit, EXT2_DIRECT_BLOCKS - place.index), run);
}

status_t ext2_pages_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t page_index,
                        uint64_t limit, struct ext2_pages *pages)
{
    uint64_t in_page = PAGE_SIZE >> fs->block_bits;
    uint64_t first = page_index * in_page;
    uint64_t left = divide_up(inode->size, fs->block_size) - first; // blocks up to the end
    struct ext2_run run;
    status_t status = ext2_map(fs, inode, first, least(left, limit * in_page), &run);
    if (status != OK)
        return status;
    *pages = (struct ext2_pages){.layout = EXT2_PAGES_MIXED, .count = 1};
    if (run.block == 0 && run.count >= least(left, in_page)) {
        // The last page may have fewer blocks than fit.
        pages->layout = EXT2_PAGES_HOLE;
        pages->count = run.count == left ? divide_up(left, in_page) : run.count / in_page;
    } else if (run.block != 0 && run.block % in_page == 0 && run.count >= in_page) {
        pages->layout = EXT2_PAGES_IMAGE;
        pages->image_page = run.block / in_page;
        pages->count = run.count / in_page;
    }
    return OK;
}

// Copies from one block's worth of file, whole or in part.
static status_t piece_read(struct ext2 *fs, const struct ext2_inode *inode, uint32_t block,
                           size_t offset, size_t length, char *target)
{
    if (block == 0) {
        memset(target, 0, length);
        return OK;
    }
    const void *data;
    status_t status = ext2_block_view(fs, inode->number, block, &data);
    if (status == OK)
        memcpy(target, (const char *)data + offset, length);
    return status;
}

static status_t run_read(struct ext2 *fs, const struct ext2_inode *inode, struct ext2_run run,
                         size_t offset, size_t length, char *target)
{
    for (uint32_t block = run.block; length; block += run.block != 0) {
        size_t piece = least(length, fs->block_size - offset);
        status_t status = piece_read(fs, inode, block, offset, piece, target);
        if (status != OK)
            return status;
        target += piece;
        length -= piece;
        offset = 0;
    }
    return OK;
}

status_t ext2_read(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset_bytes,
                   size_t length_bytes, void *buffer, size_t *done_bytes)
{
    *done_bytes = 0;
    if (offset_bytes >= inode->size)
        return OK;
    length_bytes = least(length_bytes, inode->size - offset_bytes);
    while (*done_bytes < length_bytes) {
        uint64_t position = offset_bytes + *done_bytes;
        size_t offset = position % fs->block_size, left = length_bytes - *done_bytes;
        struct ext2_run run;
        status_t status = ext2_map(fs, inode, position >> fs->block_bits,
                                   divide_up(offset + left, fs->block_size), &run);
        if (status != OK)
            return status;
        size_t length = least(left, (run.count << fs->block_bits) - offset);
        status = run_read(fs, inode, run, offset, length, (char *)buffer + *done_bytes);
        if (status != OK)
            return status;
        *done_bytes += length;
    }
    return OK;
}
