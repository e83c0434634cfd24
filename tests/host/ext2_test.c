// sources: servers/ext2/superblock.c servers/ext2/inode.c servers/ext2/map.c
// sources: servers/ext2/directory.c servers/ext2/path.c
//
// Whole trees through mke2fs and back: every name, size and byte of every image is compared with
// the folder that it was made from.

#include <dirent.h>
#include <limits.h>

#include "ext2_tree.h"

static constexpr uint64_t WHOLE_MAX = 5'000'000; // bytes of a file that is read in every way

static const char *const FORMATS[] = {
    "-b 1024 -I 128 -O none,sparse_super,large_file,filetype",
    "-b 2048 -I 256 -O none,sparse_super,large_file,filetype,ext_attr,dir_index",
    "-b 4096 -I 256 -t ext2",
    "-b 4096 -I 512 -O none,large_file,has_journal -J size=4",
    "-b 1024 -r 0",
    "-b 1024 -g 1024 -I 128 -O none,large_file,filetype",
};

static bool is_zero(const unsigned char *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

// Compares a stretch of a file with the host's; stretches that are holes on both sides cost
// nothing, however long.
static void data_compare(struct ext2 *fs, const struct ext2_inode *inode, int fd, uint64_t offset,
                         uint64_t length)
{
    static unsigned char ours[70'001], theirs[sizeof(ours)];
    while (length) {
        size_t piece = length < sizeof(ours) ? length : sizeof(ours), done;
        CHECK_EQ(ext2_read(fs, inode, offset, piece, ours, &done), OK);
        CHECK_EQ(done, piece);
        CHECK_EQ(pread(fd, theirs, piece, (off_t)offset), (ssize_t)piece);
        CHECK(memcmp(ours, theirs, piece) == 0);
        offset += piece;
        length -= piece;
    }
}

static void file_compare(struct ext2 *fs, const struct ext2_inode *inode, int fd)
{
    uint64_t block = 0, blocks = (inode->size + fs->block_size - 1) / fs->block_size;
    while (block < blocks) {
        struct ext2_run run;
        CHECK_EQ(ext2_map(fs, inode, block, blocks - block, &run), OK);
        CHECK(run.count > 0 && run.count <= blocks - block);
        uint64_t begin = block * fs->block_size, end = begin + run.count * fs->block_size;
        end = end < inode->size ? end : inode->size;
        off_t data = lseek(fd, (off_t)begin, SEEK_DATA);
        if (run.block || (data >= 0 && (uint64_t)data < end))
            data_compare(fs, inode, fd, begin, end - begin);
        block += run.count;
    }
    if (inode->size < WHOLE_MAX) // also from the middle of holes on
        data_compare(fs, inode, fd, 0, inode->size);
    unsigned char byte;
    size_t done;
    CHECK_EQ(ext2_read(fs, inode, inode->size, 1, &byte, &done), OK);
    CHECK_EQ(done, 0);
}

// What ext2_pages_map says of a file, checked against ext2_read.
static void pages_compare(struct ext2 *fs, const struct ext2_inode *inode, struct image *image)
{
    static unsigned char page[PAGE_SIZE];
    uint64_t total = (inode->size + PAGE_SIZE - 1) / PAGE_SIZE;
    for (uint64_t index = 0; index < total;) {
        struct ext2_pages pages;
        CHECK_EQ(ext2_pages_map(fs, inode, index, 512, &pages), OK);
        CHECK(pages.count > 0 && pages.count <= 512 && pages.count <= total - index);
        for (uint64_t i = 0; i < pages.count; i++) {
            size_t done;
            const unsigned char *there = image->bytes + (pages.image_page + i) * PAGE_SIZE;
            CHECK_EQ(ext2_read(fs, inode, (index + i) * PAGE_SIZE, PAGE_SIZE, page, &done), OK);
            CHECK(pages.layout != EXT2_PAGES_HOLE || is_zero(page, done));
            CHECK(pages.layout != EXT2_PAGES_IMAGE || memcmp(there, page, done) == 0);
        }
        CHECK(pages.layout != EXT2_PAGES_MIXED || pages.count == 1);
        index += pages.count;
    }
}

static void inode_compare(struct ext2 *fs, const struct ext2_inode *inode, const char *path,
                          struct image *image)
{
    struct stat host;
    CHECK_EQ(lstat(path, &host), 0);
    CHECK_EQ(inode->mode, host.st_mode);
    CHECK_EQ(inode->modify_time, host.st_mtime);
    if (S_ISDIR(host.st_mode))
        return;
    CHECK_EQ(inode->size, host.st_size);
    CHECK_EQ(inode->links_count, host.st_nlink);
    if (S_ISLNK(host.st_mode)) {
        char ours[PATH_MAX] = {}, theirs[PATH_MAX] = {};
        size_t length;
        CHECK_EQ(ext2_link_read(fs, inode, sizeof(ours), ours, &length), OK);
        CHECK_EQ(readlink(path, theirs, sizeof(theirs)), (ssize_t)length);
        CHECK(strcmp(ours, theirs) == 0);
    } else if (S_ISREG(host.st_mode)) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        file_compare(fs, inode, fd);
        if (inode->size < WHOLE_MAX)
            pages_compare(fs, inode, image);
        close(fd);
    }
}

static unsigned host_count(const char *path)
{
    unsigned count = 0;
    DIR *folder = opendir(path);
    CHECK(folder != nullptr);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void folder_compare(struct ext2 *fs, uint32_t number, const char *path, struct image *image)
{
    struct ext2_inode folder, inode;
    struct ext2_entry entry;
    uint64_t cookie = 0;
    unsigned count = 0;
    char below[PATH_MAX];
    CHECK_EQ(ext2_inode_read(fs, number, &folder), OK);
    for (; ext2_list(fs, &folder, &cookie, &entry) == OK; count++) {
        uint32_t found = 0;
        CHECK_EQ(ext2_lookup(fs, &folder, entry.name, entry.length, &found), OK);
        CHECK_EQ(found, entry.inode);
        CHECK_EQ(ext2_inode_read(fs, entry.inode, &inode), OK);
        CHECK(entry.type == 0 || ext2_is_type(&inode, entry.type));
        snprintf(below, sizeof(below), "%s/%s", path, entry.name);
        if (entry.name[0] == '.' || strcmp(entry.name, "lost+found") == 0)
            continue;
        inode_compare(fs, &inode, below, image);
        if (ext2_is_type(&inode, EXT2_MODE_DIRECTORY))
            folder_compare(fs, entry.inode, below, image);
    }
    CHECK_EQ(count, host_count(path) + (number == EXT2_ROOT_INODE)); // lost+found
}

static void image_compare(const char *name)
{
    struct image image = image_load(name);
    struct ext2_device device = image_device(&image);
    struct ext2 *fs = malloc(sizeof(*fs));
    char tree[PATH_MAX];
    snprintf(tree, sizeof(tree), "%s/tree", work_folder());
    log_lines = 0;
    CHECK_EQ(ext2_mount(fs, &device), OK);
    CHECK(strcmp(fs->name, name) == 0);
    folder_compare(fs, EXT2_ROOT_INODE, tree, &image);
    CHECK_EQ(log_lines, 0);
    free(fs);
    image_drop(&image);
}

TEST(every_format_reads_like_the_host)
{
    tree_make();
    for (unsigned i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        image_make("image", FORMATS[i]);
        image_compare("image");
    }
}

TEST(hashed_directories_read_in_a_line)
{
    image_make("hashed", "-b 1024 -O none,large_file,filetype,dir_index");
    command("e2fsck -fyD hashed >e2fsck.log 2>&1; test $? -le 1");
    command("debugfs -R 'stat /many' hashed 2>/dev/null | grep -q 'Flags: 0x1000'");
    image_compare("hashed");
}
