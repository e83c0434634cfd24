// sources: servers/ext2/superblock.c servers/ext2/inode.c servers/ext2/map.c
// sources: servers/ext2/directory.c servers/ext2/path.c
//
// The input is an image without its first KiB, which the file system leaves to boot code. It is
// mounted and everything in it is walked. Pages are freed when the next is asked for, so that the
// sanitizer sees what is used too late.

#include "../../../servers/ext2/ext2.h"

#include <baton/log.h>

#include <stdlib.h>
#include <string.h>

static constexpr size_t BOOT_BYTES = 1024;
static constexpr uint64_t PAGES_MAX = 20'000; // of work for one input; more counts as endless
static constexpr unsigned FILES_MAX = 64;

struct image {
    const uint8_t *bytes;
    size_t size; // without the boot bytes
    void *page;
    uint64_t pages;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

void log_line(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static status_t image_page(void *context, uint64_t page_index, const void **page)
{
    struct image *image = context;
    uint64_t begin = page_index * PAGE_SIZE, total = image->size + BOOT_BYTES;
    if (begin >= total || image->pages++ > PAGES_MAX)
        abort();
    free(image->page);
    uint8_t *bytes = image->page = calloc(1, PAGE_SIZE);
    uint64_t end = begin + PAGE_SIZE < total ? begin + PAGE_SIZE : total;
    uint64_t skip = begin ? 0 : BOOT_BYTES;
    memcpy(bytes + skip, image->bytes + begin + skip - BOOT_BYTES, end - begin - skip);
    *page = bytes;
    return OK;
}

static void file_walk(struct ext2 *fs, const struct ext2_inode *inode)
{
    static char bytes[20'000];
    size_t done;
    struct ext2_pages pages;
    uint64_t offsets[] = {0,
                          12ull << fs->block_bits,
                          1 << 22,
                          1 << 28,
                          1ull << 33,
                          inode->size / 2,
                          inode->size > 9 ? inode->size - 9 : 0};
    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        if (offsets[i] >= inode->size)
            continue;
        if (ext2_read(fs, inode, offsets[i], sizeof(bytes), bytes, &done) == OK && done == 0)
            abort();
        if (ext2_pages_map(fs, inode, offsets[i] / PAGE_SIZE, 512, &pages) != OK)
            continue;
        uint64_t end = fs->device.size_bytes / PAGE_SIZE;
        if (pages.count == 0 || pages.count > 512 ||
            (pages.layout == EXT2_PAGES_IMAGE && pages.image_page + pages.count > end))
            abort();
    }
}

static void inode_walk(struct ext2 *fs, const struct ext2_inode *inode)
{
    char text[4096];
    size_t length;
    struct ext2_inode found;
    if (ext2_is_type(inode, EXT2_MODE_SYMLINK) &&
        ext2_link_read(fs, inode, sizeof(text), text, &length) == OK)
        (void)!ext2_resolve(fs, EXT2_ROOT_INODE, text, length, true, &found);
    else
        file_walk(fs, inode);
}

static void folder_walk(struct ext2 *fs, const struct ext2_inode *folder)
{
    struct ext2_entry entry;
    struct ext2_inode inode;
    uint64_t cookie = 0, before = 0;
    for (unsigned i = 0; i < FILES_MAX && ext2_list(fs, folder, &cookie, &entry) == OK; i++) {
        if (cookie <= before || strlen(entry.name) != entry.length)
            abort();
        before = cookie;
        uint32_t number;
        (void)!ext2_lookup(fs, folder, entry.name, entry.length, &number);
        (void)!ext2_resolve(fs, folder->number, entry.name, entry.length, true, &inode);
        if (ext2_inode_read(fs, entry.inode, &inode) == OK)
            inode_walk(fs, &inode);
    }
}

// Every inode, whether a directory names it or not; deeper than one level without recursion.
static void image_walk(struct ext2 *fs)
{
    struct ext2_inode inode;
    for (uint32_t number = 1; number <= fs->inode_count && number < FILES_MAX; number++) {
        if (ext2_inode_read(fs, number, &inode) != OK)
            continue;
        inode_walk(fs, &inode);
        folder_walk(fs, &inode);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ext2 fs;
    struct image image = {.bytes = data, .size = size};
    struct ext2_device device = {image_page, &image, size + BOOT_BYTES};
    status_t status = ext2_mount(&fs, &device);
    if (status == OK) {
        image_walk(&fs);
        image.pages = 0;
        (void)!ext2_resolve(&fs, EXT2_ROOT_INODE, "a/../b/./c//d/", 14, true,
                            &(struct ext2_inode){});
    }
    free(image.page);
    return 0;
}

// A sound image of five blocks of 1 KiB to begin with, in the 4 KiB that an input has at first:
// boot code (not in the input), superblock, group, 8 inodes, and a directory that also serves as
// list of blocks.
struct seed {
    struct ext2_disk_superblock superblock;
    union {
        struct ext2_disk_group group;
        uint8_t block_2[1024];
    };
    struct ext2_disk_inode inodes[8];
    uint8_t directory[1024];
};
static_assert(sizeof(struct seed) == 4096);

static size_t entry_put(struct seed *seed, size_t offset, uint32_t inode, const char *name)
{
    size_t length = strlen(name), size = 8 + (length + 3) / 4 * 4;
    struct ext2_disk_entry entry = {inode, (uint16_t)size, (uint8_t)length, 0};
    if (inode == 7)
        entry.record_size = (uint16_t)(sizeof(seed->directory) - offset);
    memcpy(seed->directory + offset, &entry, sizeof(entry));
    memcpy(seed->directory + offset + sizeof(entry), name, length);
    return offset + entry.record_size;
}

static void seed_inodes(struct ext2_disk_inode *inode)
{
    static const uint16_t modes[] = {0, 0x41ed, 0x81a4, 0xa1ff, 0x41ed, 0x81a4, 0xa1ff};
    for (uint32_t i = 1; i < sizeof(modes) / sizeof(modes[0]); i++)
        inode[i] = (struct ext2_disk_inode){
            .mode = modes[i], .links_count = 1, .size = 1024, .sectors_count = 2, .block = {4}};
    inode[2].block[EXT2_DIRECT_BLOCKS] = 4;
    inode[2].block[EXT2_DIRECT_BLOCKS + 1] = 4;
    inode[2].block[EXT2_DIRECT_BLOCKS + 2] = 4;
    inode[2].size = 300 << 20;
    inode[3].sectors_count = 0;
    inode[3].size = 3;
    memcpy(inode[3].block, "b/a", 3);
    inode[5].block[EXT2_DIRECT_BLOCKS] = 4;
    inode[5].size = 20 << 10;
}

static size_t seed_write(uint8_t *data)
{
    static struct seed seed;
    seed.superblock = (struct ext2_disk_superblock){.inodes_count = 8,
                                                    .blocks_count = 5,
                                                    .first_data_block = 1,
                                                    .blocks_per_group = 8192,
                                                    .inodes_per_group = 8,
                                                    .magic = EXT2_MAGIC,
                                                    .revision = EXT2_REVISION_DYNAMIC,
                                                    .first_inode = 3,
                                                    .inode_size = 128,
                                                    .incompatible = EXT2_INCOMPATIBLE_FILETYPE};
    seed.group = (struct ext2_disk_group){.inode_table = 3};
    seed_inodes(seed.inodes);
    static const char *const names[] = {".", "..", "a", "b", "link", "d", "slow"};
    static const uint32_t inodes[] = {2, 2, 3, 5, 4, 6, 7};
    size_t offset = 0;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        offset = entry_put(&seed, offset, inodes[i], names[i]);
    memcpy(data, &seed, sizeof(seed));
    return sizeof(seed);
}

// What is too short to be mounted becomes the sound image.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    (void)seed;
    if (size < 2048 && size_max >= sizeof(struct seed))
        return seed_write(data);
    return LLVMFuzzerMutate(data, size, size_max);
}
