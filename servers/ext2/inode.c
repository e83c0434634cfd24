// From an inode's number to the inode in memory, checked.

#include "internal.h"

static constexpr uint32_t SECTOR_SIZE = 512;

// The first block of the table that holds inode `number`'s group.
static status_t inode_table_find(struct ext2 *fs, uint32_t number, uint32_t *first_block)
{
    uint32_t group = (number - 1) / fs->inodes_per_group;
    uint64_t offset = group * sizeof(struct ext2_disk_group);
    const char *data;
    const void *block;
    status_t status =
        ext2_block_view(fs, number, fs->first_data_block + 1 + (offset >> fs->block_bits), &block);
    if (status != OK)
        return status;
    data = (const char *)block + offset % fs->block_size;
    *first_block = ((const struct ext2_disk_group *)(const void *)data)->inode_table;
    uint64_t blocks = divide_up((uint64_t)fs->inodes_per_group * fs->inode_size, fs->block_size);
    if (*first_block <= fs->first_data_block || *first_block + blocks > fs->block_count)
        return EXT2_DAMAGED(fs, "inode %u: group %u has its table at block %u, beyond %u blocks",
                            number, group, *first_block, fs->block_count);
    return OK;
}

static uint64_t inode_size_bytes(const struct ext2_disk_inode *disk)
{
    bool regular = (disk->mode & EXT2_MODE_TYPE) == EXT2_MODE_REGULAR;
    return disk->size | (regular ? (uint64_t)disk->size_high << 32 : 0);
}

static void inode_copy(const struct ext2_disk_inode *disk, uint32_t number,
                       struct ext2_inode *inode)
{
    *inode = (struct ext2_inode){
        .number = number,
        .mode = disk->mode,
        .links_count = disk->links_count,
        .uid = disk->uid | (uint32_t)disk->uid_high << 16,
        .gid = disk->gid | (uint32_t)disk->gid_high << 16,
        .size = inode_size_bytes(disk),
        .access_time = (int32_t)disk->access_time,
        .modify_time = (int32_t)disk->modify_time,
        .change_time = (int32_t)disk->change_time,
        .sectors_count = disk->sectors_count,
        .flags = disk->flags,
        .generation = disk->generation,
        .attribute_block = disk->attribute_block,
    };
    for (unsigned i = 0; i < EXT2_INODE_BLOCKS; i++)
        inode->block[i] = disk->block[i];
}

static bool mode_is_known(uint16_t mode)
{
    switch (mode & EXT2_MODE_TYPE) {
    case EXT2_MODE_FIFO:
    case EXT2_MODE_CHARACTER:
    case EXT2_MODE_DIRECTORY:
    case EXT2_MODE_BLOCK:
    case EXT2_MODE_REGULAR:
    case EXT2_MODE_SYMLINK:
    case EXT2_MODE_SOCKET:
        return true;
    default:
        return false;
    }
}

// A directory has no holes, so it cannot be larger than the image; with this bound a damaged one
// that names the same blocks again and again is read once through and no further.
static status_t directory_size_check(struct ext2 *fs, const struct ext2_inode *inode)
{
    if (inode->size % fs->block_size || inode->size >> fs->block_bits > fs->block_count)
        return EXT2_DAMAGED(fs, "inode %u: a directory of %lu bytes", inode->number, inode->size);
    return OK;
}

static status_t inode_check(struct ext2 *fs, const struct ext2_inode *inode)
{
    if (inode->links_count == 0 || !mode_is_known(inode->mode))
        return EXT2_DAMAGED(fs, "inode %u: not in use (mode 0x%x, %u links)", inode->number,
                            inode->mode, inode->links_count);
    uint32_t unreadable =
        EXT2_FLAG_COMPRESSED | EXT2_FLAG_ENCRYPTED | EXT2_FLAG_EXTENTS | EXT2_FLAG_INLINE;
    if (inode->flags & unreadable) {
        if (ext2_report(fs))
            log_error("%s: inode %u: flags 0x%x are not supported", fs->name, inode->number,
                      inode->flags & unreadable);
        return ERR_UNSUPPORTED;
    }
    if (divide_up(inode->size, fs->block_size) > fs->file_blocks_max)
        return EXT2_DAMAGED(fs, "inode %u: size %lu, more than blocks can be listed", inode->number,
                            inode->size);
    return ext2_is_type(inode, EXT2_MODE_DIRECTORY) ? directory_size_check(fs, inode) : OK;
}

status_t ext2_inode_read(struct ext2 *fs, uint32_t number, struct ext2_inode *inode)
{
    if (number == 0 || number > fs->inode_count)
        return EXT2_DAMAGED(fs, "inode %u: there are %u", number, fs->inode_count);
    uint32_t table;
    status_t status = inode_table_find(fs, number, &table);
    if (status != OK)
        return status;
    uint64_t offset = (uint64_t)((number - 1) % fs->inodes_per_group) * fs->inode_size;
    const void *block;
    status = ext2_block_view(fs, number, table + (offset >> fs->block_bits), &block);
    if (status != OK)
        return status;
    const char *data = (const char *)block + offset % fs->block_size;
    inode_copy((const struct ext2_disk_inode *)(const void *)data, number, inode);
    return inode_check(fs, inode);
}

// A short text lies in the list of blocks itself; then the inode has no block but one of
// attributes.
static bool link_is_fast(const struct ext2 *fs, const struct ext2_inode *inode)
{
    uint32_t attributes = inode->attribute_block ? fs->block_size / SECTOR_SIZE : 0;
    return inode->sectors_count == attributes;
}

status_t ext2_link_read(struct ext2 *fs, const struct ext2_inode *inode, size_t capacity_bytes,
                        char *text, size_t *length_bytes)
{
    if (!ext2_is_type(inode, EXT2_MODE_SYMLINK))
        return ERR_BAD_ARGUMENT;
    bool fast = link_is_fast(fs, inode);
    if (inode->size == 0 || inode->size > (fast ? sizeof(inode->block) : fs->block_size))
        return EXT2_DAMAGED(fs, "inode %u: a symbolic link of %lu bytes", inode->number,
                            inode->size);
    if (inode->size > capacity_bytes)
        return ERR_TOO_LARGE;
    if (!fast)
        return ext2_read(fs, inode, 0, inode->size, text, length_bytes);
    __builtin_memcpy(text, inode->block, inode->size);
    *length_bytes = inode->size;
    return OK;
}
