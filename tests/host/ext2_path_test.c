// sources: servers/ext2/superblock.c servers/ext2/inode.c servers/ext2/map.c
// sources: servers/ext2/directory.c servers/ext2/path.c servers/ext2/listing.c
//
// Paths through directories and symbolic links, the cookies of listings, and their pages.

#include <limits.h>

#include "../../servers/ext2/listing.h"
#include "ext2_tree.h"

struct path_case {
    const char *path;
    bool follow;
    status_t status;
    const char *same_as; // another path to the same inode
};

static const struct path_case PATHS[] = {
    {"/", true, OK, "/."},
    {"", true, ERR_NOT_FOUND, nullptr},
    {"///sizes//./dense", true, OK, "/sizes/dense"},
    {"sizes/dense", true, OK, "/sizes/dense"},
    {"/sizes/../sizes/../sizes/dense", true, OK, "/sizes/dense"},
    {"/../../sizes/dense", true, OK, "/sizes/dense"},
    {"/sizes/", true, OK, "/sizes"},
    {"/sizes/dense/", true, ERR_NOT_DIRECTORY, nullptr},
    {"/sizes/dense/.", true, ERR_NOT_DIRECTORY, nullptr},
    {"/sizes/dense/..", true, ERR_NOT_DIRECTORY, nullptr},
    {"/sizes/dense/below", true, ERR_NOT_DIRECTORY, nullptr},
    {"/sizes/missing", true, ERR_NOT_FOUND, nullptr},
    {"/missing/dense", true, ERR_NOT_FOUND, nullptr},
    {"/links/relative", true, OK, "/sizes/dense"},
    {"/links/absolute", true, OK, "/sizes/dense"},
    {"/links/very-long", true, OK, "/sizes/dense"},
    {"/links/folder", true, OK, "/sizes"},
    {"/links/folder/dense", false, OK, "/sizes/dense"},
    {"/links/folder/", false, OK, "/sizes"},
    {"/links/folder/../links/relative", true, OK, "/sizes/dense"},
    {"/links/long-58", true, OK, "/sizes"},
    {"/links/long-59", true, OK, "/sizes"},
    {"/links/long-60", true, OK, "/sizes"},
    {"/links/long-62/dense", true, OK, "/sizes/dense"},
    {"/links/slash", true, ERR_NOT_DIRECTORY, nullptr},
    {"/links/relative/", true, ERR_NOT_DIRECTORY, nullptr},
    {"/links/dangling", true, ERR_NOT_FOUND, nullptr},
    {"/links/dangling", false, OK, nullptr},
    {"/links/self", true, ERR_LOOP, nullptr},
    {"/links/self", false, OK, nullptr},
    {"/links/ring-a", true, ERR_LOOP, nullptr},
    {"/links/ring-b/below", true, ERR_LOOP, nullptr},
    {"/links/chain-40", true, OK, "/sizes/dense"},
    {"/links/chain-41", true, ERR_LOOP, nullptr},
};

TEST(paths)
{
    tree_make();
    image_make("paths", "-b 4096 -t ext2");
    struct image image = image_load("paths");
    struct ext2_device device = image_device(&image);
    struct ext2 fs;
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    for (unsigned i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        struct ext2_inode inode, same;
        const struct path_case *row = &PATHS[i];
        status_t status = path_find(&fs, row->path, row->follow, &inode);
        if (status != row->status)
            fprintf(stderr, "path %s\n", row->path);
        CHECK_EQ(status, row->status);
        if (status == OK && row->same_as) {
            CHECK_EQ(path_find(&fs, row->same_as, true, &same), OK);
            CHECK_EQ(inode.number, same.number);
        }
    }
    image_drop(&image);
}

TEST(long_paths)
{
    struct image image = image_load("paths");
    struct ext2_device device = image_device(&image);
    struct ext2 fs;
    struct ext2_inode inode;
    static char path[EXT2_PATH_MAX + 2];
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    memset(path, '/', sizeof(path) - 1);
    CHECK_EQ(ext2_resolve(&fs, EXT2_ROOT_INODE, path, EXT2_PATH_MAX + 1, true, &inode),
             ERR_NAME_TOO_LONG);
    CHECK_EQ(ext2_resolve(&fs, EXT2_ROOT_INODE, path, EXT2_PATH_MAX, true, &inode), OK);
    memset(path + 1, 'n', 256);
    CHECK_EQ(ext2_resolve(&fs, EXT2_ROOT_INODE, path, 256, true, &inode), OK);
    CHECK_EQ(ext2_resolve(&fs, EXT2_ROOT_INODE, path, 257, true, &inode), ERR_NAME_TOO_LONG);
    // A link's text does not fit in front of what is left.
    memset(path, '/', sizeof(path));
    memcpy(path, "links/very-long", 15);
    CHECK_EQ(ext2_resolve(&fs, EXT2_ROOT_INODE, path, EXT2_PATH_MAX, true, &inode),
             ERR_NAME_TOO_LONG);
    strcpy(path, "/deep");
    for (unsigned i = 1; i < TREE_DEPTH; i++)
        snprintf(path + strlen(path), 32, "/level-%02u", i);
    CHECK_EQ(path_find(&fs, strcat(path, "/bottom"), true, &inode), OK);
    CHECK_EQ(inode.size, 10);
    image_drop(&image);
}

TEST(any_cookie_is_safe)
{
    struct image image = image_load("paths");
    struct ext2_device device = image_device(&image);
    struct ext2 fs;
    struct ext2_inode many;
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    CHECK_EQ(path_find(&fs, "/many", true, &many), OK);
    struct ext2_entry entry;
    uint64_t cookies[] = {1,
                          2,
                          12,
                          13,
                          4095,
                          4096,
                          4097,
                          many.size - 1,
                          many.size,
                          many.size + 1,
                          UINT64_MAX - 4095,
                          UINT64_MAX};
    for (unsigned i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
        uint64_t cookie = cookies[i];
        status_t status = ext2_list(&fs, &many, &cookie, &entry);
        CHECK(status == (cookies[i] < many.size - 1 ? OK : ERR_NOT_FOUND));
        CHECK(status != OK || cookie > cookies[i]);
    }
    CHECK_EQ(log_lines, 0);
    image_drop(&image);
}

// Walks a page of entries; each is where the protocol says.
static unsigned page_check(const char *page, unsigned count, struct ext2 *fs,
                           const struct ext2_inode *directory)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct file_entry *entry = (const void *)(page + at);
        uint32_t number;
        struct ext2_inode inode;
        at += (offsetof(struct file_entry, name) + entry->length + 7) / 8 * 8;
        CHECK(at <= PAGE_SIZE);
        CHECK_EQ(ext2_lookup(fs, directory, entry->name, entry->length, &number), OK);
        CHECK_EQ(entry->inode, number);
        CHECK_EQ(ext2_inode_read(fs, number, &inode), OK);
        CHECK_EQ(entry->kind, kind_of_mode(inode.mode));
    }
    for (; at < PAGE_SIZE; at++)
        CHECK_EQ(page[at], 0);
    return count;
}

static unsigned listing_count(struct ext2 *fs, const char *path)
{
    struct ext2_inode directory;
    uint64_t cookie = FILE_LIST_START;
    uint32_t count;
    unsigned total = 0;
    CHECK_EQ(path_find(fs, path, true, &directory), OK);
    while (cookie != FILE_LIST_END) {
        [[gnu::aligned(8)]] char page[PAGE_SIZE] = {};
        CHECK_EQ(listing_fill(fs, &directory, cookie, page, &cookie, &count), OK);
        CHECK(count > 0);
        total += page_check(page, count, fs, &directory);
    }
    return total;
}

TEST(pages_of_listings)
{
    static const char *const formats[] = {"-b 4096 -t ext2", "-b 1024 -r 0"};
    for (unsigned i = 0; i < 2; i++) {
        image_make("paths", formats[i]);
        struct image image = image_load("paths");
        struct ext2_device device = image_device(&image);
        struct ext2 fs;
        struct ext2_inode inode;
        char page[PAGE_SIZE];
        uint64_t next;
        uint32_t count;
        CHECK_EQ(ext2_mount(&fs, &device), OK);
        CHECK_EQ(listing_count(&fs, "/many"), TREE_MANY + 2);
        CHECK_EQ(listing_count(&fs, "/"), 10);
        CHECK_EQ(path_find(&fs, "/sizes/dense", true, &inode), OK);
        CHECK_EQ(listing_fill(&fs, &inode, 0, page, &next, &count), ERR_NOT_DIRECTORY);
        image_drop(&image);
    }
}
