// sources: servers/ext2/superblock.c servers/ext2/inode.c servers/ext2/map.c
// sources: servers/ext2/directory.c servers/ext2/path.c servers/ext2/cache.c
// sources: servers/ext2/reader.c servers/ext2/descriptors.c
//
// What file.read answers: the server's cache and reader above a window that is made of host memory,
// where a page that was dropped cannot be touched, and `block` answers fewer pages than asked for
// as it pleases.

#include <baton/parcel.h>
#include <limits.h>

#include "../../servers/ext2/descriptors.h"
#include "../../servers/ext2/reader.h"
#include "ext2_tree.h"

static constexpr unsigned WINDOW_SLOTS = 4096;

static struct image image;
static char *window; // WINDOW_SLOTS pages
static unsigned window_used;
static uaddr_t fresh, zeros;
static unsigned loads, loaded_pages; // block.read, and what it brought
static unsigned loads_until_error;   // 0: never
static uint64_t random_state = 1;

static void slots_open(uaddr_t slots, unsigned count, bool open)
{
    CHECK_EQ(mprotect((void *)slots, count * PAGE_SIZE, open ? PROT_READ | PROT_WRITE : PROT_NONE),
             0);
}

status_t window_slots(unsigned count, uaddr_t *slots)
{
    if (!window)
        window =
            mmap(nullptr, WINDOW_SLOTS * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(window != MAP_FAILED && window_used + count <= WINDOW_SLOTS);
    *slots = (uaddr_t)window + window_used * PAGE_SIZE;
    window_used += count;
    return OK;
}

status_t window_load(handle_t block, uint64_t page, unsigned limit, uaddr_t slots, unsigned *count)
{
    CHECK_EQ(block, 77);
    CHECK(limit > 0 && (page + limit) * PAGE_SIZE <= image.size);
    loads++;
    if (loads_until_error && --loads_until_error == 0)
        return ERR_IO;
    random_state = random_state * 6364136223846793005 + 1442695040888963407;
    *count = random_state >> 62 ? limit : 1 + (unsigned)(random_state >> 33) % limit;
    loaded_pages += *count;
    slots_open(slots, *count, true);
    memcpy((void *)slots, image.bytes + page * PAGE_SIZE, *count * PAGE_SIZE);
    return OK;
}

void window_drop(uaddr_t slots, unsigned count)
{
    if (count)
        slots_open(slots, count, false);
}

status_t window_fresh(unsigned count, uaddr_t *slots)
{
    if (!fresh)
        CHECK_EQ(window_slots(WINDOW_PAGES, &fresh), OK);
    slots_open(fresh, WINDOW_PAGES, true);
    memset((void *)fresh, 0, WINDOW_PAGES * PAGE_SIZE);
    slots_open(fresh + count * PAGE_SIZE, WINDOW_PAGES - count, false);
    *slots = fresh;
    return OK;
}

status_t window_zeros(uaddr_t *slots)
{
    if (!zeros) {
        CHECK_EQ(window_slots(WINDOW_PAGES, &zeros), OK);
        CHECK_EQ(mprotect((void *)zeros, WINDOW_PAGES * PAGE_SIZE, PROT_READ), 0);
    }
    *slots = zeros;
    return OK;
}

status_t pages_allocate(unsigned pages, void **address)
{
    *address = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
    memset(*address, 0, pages * PAGE_SIZE);
    return OK;
}

static void mount_image(const char *name, struct ext2 *fs, struct cache *cache)
{
    image = image_load(name);
    loads = loaded_pages = loads_until_error = 0;
    CHECK_EQ(cache_open(cache, 77, image.size), OK);
    struct ext2_device device = {cache_page, cache, image.size};
    CHECK_EQ(ext2_mount(fs, &device), OK);
}

// Reads a file as a client does, at most so many pages a time, and compares with ext2_read.
static void file_check(struct ext2 *fs, struct cache *cache, const struct ext2_inode *inode,
                       unsigned limit, uint64_t from)
{
    static char expected[CACHE_RUN_PAGES * PAGE_SIZE], copy[sizeof(expected)];
    struct reader_answer answer;
    uint64_t offset = from;
    for (; offset < inode->size; offset += answer.count * PAGE_SIZE) {
        CHECK_EQ(reader_read(fs, cache, inode, offset, limit, &answer), OK);
        CHECK(answer.count > 0 && answer.count <= limit && answer.count <= CACHE_RUN_PAGES);
        memcpy(copy, (void *)answer.slots, answer.count * PAGE_SIZE);
        size_t done;
        memset(expected, 0, sizeof(expected));
        CHECK_EQ(ext2_read(fs, inode, offset, answer.count * PAGE_SIZE, expected, &done), OK);
        CHECK_EQ(done, answer.bytes);
        CHECK(memcmp(expected, copy, answer.count * PAGE_SIZE) == 0);
    }
    CHECK_EQ(reader_read(fs, cache, inode, offset, limit, &answer), OK);
    CHECK_EQ(answer.count, 0);
    CHECK_EQ(answer.bytes, 0);
}

static void folder_check(struct ext2 *fs, struct cache *cache, const char *path)
{
    struct ext2_inode folder, inode;
    struct ext2_entry entry;
    uint64_t cookie = 0;
    CHECK_EQ(path_find(fs, path, true, &folder), OK);
    while (ext2_list(fs, &folder, &cookie, &entry) == OK) {
        CHECK_EQ(ext2_inode_read(fs, entry.inode, &inode), OK);
        if (!ext2_is_type(&inode, EXT2_MODE_REGULAR))
            continue;
        // Of the largest files only the last pages: the rest is a hole.
        uint64_t pages = inode.size / PAGE_SIZE;
        uint64_t from = pages > 2000 ? (pages - 100) * PAGE_SIZE : 0;
        file_check(fs, cache, &inode, 1 + entry.inode % 20, from);
    }
}

TEST(pages_of_every_block_size)
{
    tree_make();
    for (unsigned size = 1024; size <= 4096; size *= 2) {
        char format[64];
        snprintf(format, sizeof(format), "-b %u -O none,large_file,filetype", size);
        image_make("image", format);
        static struct ext2 fs;
        static struct cache cache;
        mount_image("image", &fs, &cache);
        folder_check(&fs, &cache, "/sizes");
        CHECK(cache.misses == loads && loads > 0);
        image_drop(&image);
    }
}

TEST(sequential_reading_is_read_ahead)
{
    static struct ext2 fs;
    static struct cache cache;
    struct ext2_inode inode;
    mount_image("image", &fs, &cache); // 4 KiB
    CHECK_EQ(path_find(&fs, "/sizes/dense", true, &inode), OK);
    struct reader_answer answer;
    loads = loaded_pages = 0;
    for (uint64_t offset = 0; offset < inode.size; offset += PAGE_SIZE)
        CHECK_EQ(reader_read(&fs, &cache, &inode, offset, 1, &answer), OK);
    CHECK(loaded_pages <= 302 + 1 + 1); // each page once; one list of blocks
    CHECK(loads < 302 / 4);
    loads = 0;
    CHECK_EQ(reader_read(&fs, &cache, &inode, inode.size & ~(PAGE_SIZE - 1), 1, &answer), OK);
    CHECK_EQ(loads, 0);
    image_drop(&image);
}

// What is used again and again stays, whatever else goes through.
TEST(cache_keeps_what_is_used)
{
    static struct ext2 fs;
    static struct cache cache;
    const void *page;
    uaddr_t slots;
    unsigned count;
    mount_image("image", &fs, &cache);
    CHECK_EQ(cache_open(&cache, 77, image.size), OK);
    loads = 0;
    for (unsigned i = 1; i <= 40; i++) {
        CHECK_EQ(cache_run(&cache, 0, 1, &slots, &count), OK);
        CHECK_EQ(cache_run(&cache, i * CACHE_SETS, 1, &slots, &count), OK);
    }
    CHECK_EQ(loads, 1 + 40);
    CHECK_EQ(cache_open(&cache, 77, image.size), OK);
    for (unsigned i = 1; i <= 40; i++) {
        CHECK_EQ(cache_page(&cache, 0, &page), OK);
        CHECK(memcmp(page, image.bytes, PAGE_SIZE) == 0);
        CHECK_EQ(cache_page(&cache, i * CACHE_SETS, &page), OK);
    }
    CHECK_EQ(loads, 2 * (1 + 40));
    image_drop(&image);
}

// An image whose bytes behind a file's end are not zero: they stay inside.
TEST(tails_do_not_leak)
{
    static struct ext2 fs;
    static struct cache cache;
    struct ext2_inode inode;
    struct ext2_pages pages;
    mount_image("image", &fs, &cache);
    CHECK_EQ(path_find(&fs, "/sizes/dense", true, &inode), OK);
    uint64_t last = inode.size / PAGE_SIZE;
    CHECK_EQ(ext2_pages_map(&fs, &inode, last, 1, &pages), OK);
    CHECK_EQ(pages.layout, EXT2_PAGES_IMAGE);
    image.bytes[pages.image_page * PAGE_SIZE + inode.size % PAGE_SIZE] = 's';
    file_check(&fs, &cache, &inode, 1, 0);
    file_check(&fs, &cache, &inode, 16, 0);
    image.bytes[pages.image_page * PAGE_SIZE + inode.size % PAGE_SIZE] = 0;
    image.bytes[pages.image_page * PAGE_SIZE + PAGE_SIZE - 1] = 's';
    CHECK_EQ(cache_open(&cache, 77, image.size), OK);
    file_check(&fs, &cache, &inode, 16, (last - 3) * PAGE_SIZE);
    image_drop(&image);
}

TEST(wrong_reads)
{
    static struct ext2 fs;
    static struct cache cache;
    struct ext2_inode inode;
    struct reader_answer answer;
    mount_image("image", &fs, &cache);
    CHECK_EQ(path_find(&fs, "/sizes/dense", true, &inode), OK);
    CHECK_EQ(reader_read(&fs, &cache, &inode, 1, 1, &answer), ERR_BAD_ARGUMENT);
    CHECK_EQ(reader_read(&fs, &cache, &inode, UINT64_MAX & ~(PAGE_SIZE - 1), 512, &answer), OK);
    CHECK_EQ(answer.count, 0);
    loads_until_error = 1;
    CHECK_EQ(reader_read(&fs, &cache, &inode, 40 * PAGE_SIZE, 4, &answer), ERR_IO);
    file_check(&fs, &cache, &inode, 512, 0);
    inode.block[0] = fs.block_count;
    CHECK_EQ(reader_read(&fs, &cache, &inode, 0, 4, &answer), ERR_BAD_FORMAT);
    const void *page;
    CHECK_EQ(cache_page(&cache, image.size / PAGE_SIZE, &page), ERR_IO);
    image_drop(&image);
}

static struct descriptors table;

static struct client *client_of(uint32_t process, bool expect_new)
{
    struct client *client;
    bool is_new;
    CHECK_EQ(descriptors_client(&table, process, &client, &is_new), OK);
    CHECK_EQ(is_new, expect_new);
    return client;
}

TEST(descriptors_belong_to_their_process)
{
    struct ext2_inode inode = {.number = 12};
    struct descriptor *found;
    uint32_t mine, theirs;
    CHECK_EQ(descriptor_open(&table, client_of(5, true), &inode, &mine), OK);
    CHECK_EQ(descriptor_open(&table, client_of(6, true), &inode, &theirs), OK);
    CHECK_EQ(descriptor_find(&table, 5, mine, &found), OK);
    CHECK_EQ(found->inode.number, 12);
    CHECK_EQ(descriptor_find(&table, 6, mine, &found), ERR_BAD_FD);
    CHECK_EQ(descriptor_find(&table, 0, mine + 5, &found), ERR_BAD_FD);
    CHECK_EQ(descriptor_find(&table, 5, UINT32_MAX, &found), ERR_BAD_FD);
    CHECK_EQ(descriptor_close(&table, 6, mine), ERR_BAD_FD);
    CHECK_EQ(descriptor_close(&table, 5, mine), OK);
    CHECK_EQ(descriptor_close(&table, 5, mine), ERR_BAD_FD);
    descriptors_drop(&table, 6);
    descriptors_drop(&table, 6);
    CHECK_EQ(descriptor_find(&table, 6, theirs, &found), ERR_BAD_FD);
    client_of(5, false);
    client_of(6, true);
}

TEST(descriptors_end_at_their_limits)
{
    struct ext2_inode inode = {.number = 12};
    uint32_t number;
    unsigned open = 0;
    bool is_new;
    struct client *client;
    for (uint32_t process = 100; open < DESCRIPTORS_MAX; process++)
        for (unsigned i = 0; i < DESCRIPTORS_PER_PROCESS && open < DESCRIPTORS_MAX; i++, open++)
            CHECK_EQ(descriptor_open(&table, client_of(process, i == 0), &inode, &number), OK);
    CHECK_EQ(descriptor_open(&table, client_of(100, false), &inode, &number), ERR_TOO_MANY);
    CHECK_EQ(descriptor_open(&table, client_of(99, true), &inode, &number), ERR_TOO_MANY);
    descriptors_drop(&table, 100);
    CHECK_EQ(descriptor_open(&table, client_of(99, false), &inode, &number), OK);
    for (uint32_t process = 1000; descriptors_client(&table, process, &client, &is_new) == OK;)
        process++;
    CHECK_EQ(descriptors_client(&table, 9, &client, &is_new), ERR_TOO_MANY);
    for (unsigned i = 0; i < DESCRIPTOR_PAGES; i++)
        free(table.pages[i]);
}
