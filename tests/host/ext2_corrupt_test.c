// sources: servers/ext2/superblock.c servers/ext2/inode.c servers/ext2/map.c
// sources: servers/ext2/directory.c servers/ext2/path.c
//
// One field of a sound image is damaged at a time; what is done with it must end, with the right
// error and a log line that names what and where.

#include <limits.h>

#include "ext2_damage.h"
#include "ext2_image.h"

static void base_make(void)
{
    command("mkdir tree tree/folder && touch tree/folder/name &&"
            "head -c 90000 /dev/zero | tr '\\0' x > tree/file &&"
            "ln -s file tree/fast && ln -s $(printf './%%.0s' $(seq 60))folder tree/slow &&"
            "mkdir tree/folder/sub && mke2fs -q -F -b 4096 -I 128 -N 128 -L base -d tree "
            "-O none,filetype,large_file base 4M >mke2fs.log 2>&1 || { cat mke2fs.log; exit 1; }");
}

// Where inode `number` lies: one group, so its table is the first group's.
static unsigned char *inode_at(struct image *image, uint32_t number)
{
    uint32_t table;
    memcpy(&table, image->bytes + 4096 + 8, sizeof(table));
    return image->bytes + (uint64_t)table * 4096 + (number - 1) * 128;
}

static unsigned char *damage_at(struct image *image, const struct damage *damage)
{
    struct ext2 fs;
    struct ext2_inode inode;
    struct ext2_device device = image_device(image);
    uint32_t list = INODE_BLOCK, block;
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    CHECK_EQ(path_find(&fs, damage->path, false, &inode), OK);
    switch (damage->place) {
    case SUPERBLOCK:
        return image->bytes + 1024;
    case GROUP:
        return image->bytes + 4096;
    case INODE:
        return inode_at(image, inode.number);
    case LIST:
        list = INODE_SINGLE;
        [[fallthrough]];
    case DATA:
        memcpy(&block, inode_at(image, inode.number) + list, sizeof(block));
        CHECK(block != 0);
        return image->bytes + (uint64_t)block * 4096;
    }
    abort();
}

static status_t folder_use(struct ext2 *fs, const struct ext2_inode *inode)
{
    struct ext2_entry entry;
    uint64_t cookie = 0;
    status_t status;
    while ((status = ext2_list(fs, inode, &cookie, &entry)) == OK)
        ;
    return status == ERR_NOT_FOUND ? OK : status;
}

static status_t file_use(struct ext2 *fs, const struct ext2_inode *inode)
{
    static char bytes[100'000];
    size_t done;
    return ext2_read(fs, inode, 0, sizeof(bytes), bytes, &done);
}

static status_t path_use(struct ext2 *fs, const char *path)
{
    struct ext2_inode inode;
    status_t status = path_find(fs, path, true, &inode);
    if (status != OK)
        return status;
    return ext2_is_type(&inode, EXT2_MODE_DIRECTORY) ? folder_use(fs, &inode)
                                                     : file_use(fs, &inode);
}

static status_t image_use(struct image *image, const char *path)
{
    struct ext2 fs;
    struct ext2_device device = image_device(image);
    status_t status = ext2_mount(&fs, &device);
    if (status == OK)
        status = path_use(&fs, path);
    // A listing looks at entries only: a name below has its inode read, too.
    if (status == OK && strcmp(path, "/folder") == 0)
        status = path_use(&fs, "/folder/name/");
    if (status == ERR_NOT_DIRECTORY)
        status = path_use(&fs, "/folder/name");
    return status == OK && strcmp(path, "/") == 0 ? path_use(&fs, "/file") : status;
}

static void damage_check(struct image *image, const struct damage *damage)
{
    unsigned char *field = damage_at(image, damage) + damage->offset;
    unsigned char before[4];
    memcpy(before, field, damage->width);
    memcpy(field, &damage->value, damage->width);
    last_log[0] = 0;
    unsigned lines = log_lines;
    status_t status = image_use(image, damage->path);
    bool logged = damage->log ? strstr(last_log, damage->log) != nullptr : log_lines == lines;
    if (status != damage->status || !logged)
        fprintf(stderr, "place %d %s offset %u value %u: status %d, log: %s\n", damage->place,
                damage->path, damage->offset, damage->value, status, last_log);
    CHECK_EQ(status, damage->status);
    CHECK(logged);
    memcpy(field, before, damage->width);
}

TEST(each_damage_is_named)
{
    base_make();
    struct image image = image_load("base");
    CHECK_EQ(image_use(&image, "/file"), OK);
    CHECK_EQ(image_use(&image, "/folder"), OK);
    CHECK_EQ(image_use(&image, "/slow"), OK);
    for (unsigned i = 0; i < sizeof(DAMAGES) / sizeof(DAMAGES[0]); i++)
        damage_check(&image, &DAMAGES[i]);
    image_drop(&image);
}

// Lists of blocks that name themselves, and a file as long as lists can make it.
TEST(cyclic_lists_end)
{
    struct image image = image_load("base");
    struct damage at = {LIST, "/file", 0, 0, 0, OK, nullptr};
    unsigned char *list = damage_at(&image, &at);
    uint32_t self = (uint32_t)((uint64_t)(list - image.bytes) / 4096), high = 0x400;
    for (unsigned i = 0; i < 1024; i++)
        memcpy(list + i * 4, &self, 4);
    at.place = INODE;
    unsigned char *inode = damage_at(&image, &at);
    memcpy(inode + INODE_DOUBLE, &self, 4);
    memcpy(inode + INODE_TRIPLE, &self, 4);
    memcpy(inode + INODE_SIZE_HIGH, &high, 4);
    struct ext2 fs;
    struct ext2_inode file;
    struct ext2_device device = image_device(&image);
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    CHECK_EQ(path_find(&fs, "/file", true, &file), OK);
    for (uint64_t block = 12; block < 1ull << 30; block = block * 3 + 1) {
        struct ext2_run run;
        CHECK_EQ(ext2_map(&fs, &file, block, 1000, &run), OK);
        CHECK_EQ(run.block, self);
        CHECK_EQ(run.count, 1);
    }
    image_drop(&image);
}

// A directory that names one block again and again is read through once, in time.
TEST(cyclic_directory_ends)
{
    struct image image = image_load("base");
    struct damage at = {LIST, "/file", 0, 0, 0, OK, nullptr};
    unsigned char *list = damage_at(&image, &at);
    at = (struct damage){INODE, "/folder", 0, 0, 0, OK, nullptr};
    unsigned char *folder = damage_at(&image, &at);
    uint32_t self = (uint32_t)((uint64_t)(list - image.bytes) / 4096), size = 1024 * 4096;
    for (unsigned i = 0; i < 1024; i++)
        memcpy(list + i * 4, folder + INODE_BLOCK, 4);
    for (unsigned i = 1; i < 12; i++)
        memcpy(folder + INODE_BLOCK + i * 4, folder + INODE_BLOCK, 4);
    memcpy(folder + INODE_SINGLE, &self, 4);
    memcpy(folder + INODE_SIZE, &size, 4);
    struct ext2 fs;
    struct ext2_device device = image_device(&image);
    struct ext2_inode inode;
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    CHECK_EQ(path_find(&fs, "/folder/missing", true, &inode), ERR_NOT_FOUND);
    CHECK(image.pages < 10'000);
    CHECK_EQ(path_use(&fs, "/folder"), OK);
    image_drop(&image);
}

TEST(log_of_damage_is_bounded)
{
    struct image image = image_load("base");
    struct damage at = {INODE, "/file", 0, 0, 0, OK, nullptr};
    memset(damage_at(&image, &at), 0, 2);
    struct ext2 fs;
    struct ext2_device device = image_device(&image);
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    log_lines = 0;
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQ(path_use(&fs, "/file"), ERR_BAD_FORMAT);
    CHECK_EQ(log_lines, EXT2_REPORTS_MAX + 1);
    CHECK(strstr(last_log, "further damage is not logged") != nullptr);
    image_drop(&image);
}

// Every length of a truncated image is refused or read, never believed.
TEST(truncated_images)
{
    struct image image = image_load("base");
    uint64_t whole = image.size;
    for (image.size = 0; image.size < whole; image.size += image.size < 8192 ? 512 : 65'536) {
        CHECK_EQ(image_use(&image, "/file"), ERR_BAD_FORMAT);
        CHECK(strstr(last_log, "truncated") != nullptr);
    }
    image.size = whole;
    CHECK_EQ(image_use(&image, "/file"), OK);
    image_drop(&image);
}

static status_t page_fail(void *context, uint64_t page_index, const void **page)
{
    struct image *image = context;
    return image->pages >= 3 ? ERR_IO : image_page(context, page_index, page);
}

TEST(device_errors_are_passed_on)
{
    struct image image = image_load("base");
    struct ext2 fs;
    struct ext2_device device = {page_fail, &image, image.size};
    CHECK_EQ(ext2_mount(&fs, &device), OK);
    image.pages = 1;
    CHECK_EQ(path_use(&fs, "/file"), ERR_IO);
    image_drop(&image);
}
