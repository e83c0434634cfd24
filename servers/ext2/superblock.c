// Mounting: the superblock is read once and checked here; later code relies on what these checks
// establish: all blocks lie on the device, and the group and inode numbers computed from a valid
// inode number stay in range.

#include "internal.h"

#include <string.h>

static constexpr uint32_t LOG_BLOCK_SIZE_LARGEST = 6; // 64 KiB, the largest that exists anywhere

bool ext2_report(struct ext2 *fs)
{
    if (fs->reports > EXT2_REPORTS_MAX)
        return false;
    if (fs->reports++ < EXT2_REPORTS_MAX)
        return true;
    log_error("%s: further damage is not logged", fs->name);
    return false;
}

// The volume's label names the file system in the log; what is not printable does not go there.
static void name_set(struct ext2 *fs, const struct ext2_disk_superblock *disk)
{
    size_t length = 0;
    memcpy(fs->label, disk->volume_name, EXT2_LABEL_MAX);
    for (; length < EXT2_LABEL_MAX && fs->label[length] > ' ' && fs->label[length] < 0x7f; length++)
        fs->name[length] = fs->label[length];
    fs->name[length] = 0;
    if (length == 0)
        memcpy(fs->name, "(no label)", sizeof("(no label)"));
}

static const char *feature_name(unsigned bit)
{
    switch (bit) {
#define FEATURE_CASE(number, text) \
    case number:                   \
        return text;
        EXT2_INCOMPATIBLE_TABLE(FEATURE_CASE)
#undef FEATURE_CASE
    default:
        return "unknown";
    }
}

static status_t features_check(struct ext2 *fs)
{
    uint32_t refused = fs->incompatible & ~EXT2_READABLE_FEATURES;
    for (unsigned bit = 0; bit < 32; bit++)
        if (refused & 1u << bit)
            log_error("%s: feature %s (incompatible 0x%x) is not supported", fs->name,
                      feature_name(bit), 1u << bit);
    return refused ? ERR_UNSUPPORTED : OK;
}

static status_t revision_check(struct ext2 *fs, const struct ext2_disk_superblock *disk)
{
    if (disk->revision > EXT2_REVISION_DYNAMIC) {
        log_error("%s: revision %u is not supported", fs->name, disk->revision);
        return ERR_UNSUPPORTED;
    }
    bool dynamic = disk->revision == EXT2_REVISION_DYNAMIC;
    fs->inode_size = dynamic ? disk->inode_size : EXT2_INODE_SIZE_ORIGINAL;
    fs->first_inode = dynamic ? disk->first_inode : 11;
    fs->incompatible = dynamic ? disk->incompatible : 0;
    fs->read_only_compatible = dynamic ? disk->read_only_compatible : 0;
    return features_check(fs);
}

static status_t block_size_set(struct ext2 *fs, const struct ext2_disk_superblock *disk)
{
    if (disk->log_block_size > LOG_BLOCK_SIZE_LARGEST)
        return EXT2_DAMAGED(fs, "superblock: block size 2^(10+%u)", disk->log_block_size);
    fs->block_bits = 10 + disk->log_block_size;
    fs->block_size = 1u << fs->block_bits;
    if (fs->block_size > PAGE_SIZE) {
        log_error("%s: block size %u is not supported", fs->name, fs->block_size);
        return ERR_UNSUPPORTED;
    }
    uint64_t entries = fs->block_size / sizeof(uint32_t);
    fs->file_blocks_max =
        EXT2_DIRECT_BLOCKS + entries + entries * entries + entries * entries * entries;
    return OK;
}

static status_t blocks_check(struct ext2 *fs, const struct ext2_disk_superblock *disk)
{
    fs->block_count = disk->blocks_count;
    fs->blocks_per_group = disk->blocks_per_group;
    fs->first_data_block = disk->first_data_block;
    if (fs->first_data_block != (fs->block_size == 1024))
        return EXT2_DAMAGED(fs, "superblock: first data block %u", fs->first_data_block);
    if (fs->block_count <= fs->first_data_block + 1)
        return EXT2_DAMAGED(fs, "superblock: %u blocks", fs->block_count);
    if ((uint64_t)fs->block_count << fs->block_bits > fs->device.size_bytes)
        return EXT2_DAMAGED(fs, "truncated: %lu bytes, the superblock says %lu",
                            fs->device.size_bytes, (uint64_t)fs->block_count << fs->block_bits);
    // A group's bitmap of blocks is one block.
    if (fs->blocks_per_group == 0 || fs->blocks_per_group > fs->block_size * 8)
        return EXT2_DAMAGED(fs, "superblock: %u blocks in a group", fs->blocks_per_group);
    return OK;
}

static status_t inodes_check(struct ext2 *fs, const struct ext2_disk_superblock *disk)
{
    uint32_t size = fs->inode_size;
    if (size < EXT2_INODE_SIZE_ORIGINAL || size > fs->block_size || (size & (size - 1)))
        return EXT2_DAMAGED(fs, "superblock: inode size %u", size);
    fs->inode_count = disk->inodes_count;
    fs->inodes_per_group = disk->inodes_per_group;
    if (fs->inodes_per_group == 0 || fs->inodes_per_group > fs->block_size * 8)
        return EXT2_DAMAGED(fs, "superblock: %u inodes in a group", fs->inodes_per_group);
    fs->group_count =
        (uint32_t)divide_up(fs->block_count - fs->first_data_block, fs->blocks_per_group);
    if (fs->inode_count < EXT2_ROOT_INODE ||
        fs->inode_count > (uint64_t)fs->group_count * fs->inodes_per_group)
        return EXT2_DAMAGED(fs, "superblock: %u inodes in %u groups of %u", fs->inode_count,
                            fs->group_count, fs->inodes_per_group);
    uint64_t table = divide_up(fs->group_count * sizeof(struct ext2_disk_group), fs->block_size);
    if (fs->first_data_block + 1 + table > fs->block_count)
        return EXT2_DAMAGED(fs, "superblock: no room for the descriptors of %u groups",
                            fs->group_count);
    return OK;
}

static status_t superblock_check(struct ext2 *fs, const struct ext2_disk_superblock *disk)
{
    if (disk->magic != EXT2_MAGIC)
        return EXT2_DAMAGED(fs, "superblock: magic 0x%x, not 0x%x", disk->magic, EXT2_MAGIC);
    name_set(fs, disk);
    status_t status = revision_check(fs, disk);
    if (status == OK)
        status = block_size_set(fs, disk);
    if (status == OK)
        status = blocks_check(fs, disk);
    if (status == OK)
        status = inodes_check(fs, disk);
    fs->free_blocks = disk->free_blocks_count;
    fs->free_inodes = disk->free_inodes_count;
    return status;
}

static status_t root_check(struct ext2 *fs)
{
    struct ext2_inode root;
    status_t status = ext2_inode_read(fs, EXT2_ROOT_INODE, &root);
    if (status == OK && !ext2_is_type(&root, EXT2_MODE_DIRECTORY))
        return EXT2_DAMAGED(fs, "inode %u: the root is not a directory", EXT2_ROOT_INODE);
    return status;
}

status_t ext2_mount(struct ext2 *fs, const struct ext2_device *device)
{
    memset(fs, 0, sizeof(*fs));
    fs->device = *device;
    memcpy(fs->name, "(unknown)", sizeof("(unknown)"));
    if (device->size_bytes < EXT2_SUPERBLOCK_OFFSET + sizeof(struct ext2_disk_superblock))
        return EXT2_DAMAGED(fs, "truncated: %lu bytes, too few for a superblock",
                            device->size_bytes);
    const void *page;
    status_t status = device->page(device->context, 0, &page);
    if (status != OK)
        return status;
    status = superblock_check(fs, (const void *)((const char *)page + EXT2_SUPERBLOCK_OFFSET));
    return status == OK ? root_check(fs) : status;
}

status_t ext2_block_view(struct ext2 *fs, uint32_t inode, uint64_t block, const void **data)
{
    if (block >= fs->block_count)
        return EXT2_DAMAGED(fs, "inode %u: block %lu beyond the end (%u blocks)", inode, block,
                            fs->block_count);
    uint64_t offset_bytes = block << fs->block_bits;
    const void *page;
    status_t status = fs->device.page(fs->device.context, offset_bytes / PAGE_SIZE, &page);
    if (status == OK)
        *data = (const char *)page + offset_bytes % PAGE_SIZE;
    return status;
}
