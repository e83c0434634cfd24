// Directories: blocks of entries, one behind the other. Hashed directories keep their index in
// entries that look unused or in the slack of "..", so that reading on in a line finds every name.

#include "internal.h"

#include <string.h>

// A walk through a directory's blocks that asks for their place once for each run.
struct directory_walk {
    uint64_t block; // of the directory
    uint64_t run_first;
    struct ext2_run run;
};

static status_t walk_view(struct ext2 *fs, const struct ext2_inode *directory,
                          struct directory_walk *walk, const void **data)
{
    uint64_t blocks = directory->size >> fs->block_bits;
    if (walk->block - walk->run_first >= walk->run.count) {
        walk->run_first = walk->block;
        status_t status = ext2_map(fs, directory, walk->block, blocks - walk->block, &walk->run);
        if (status != OK)
            return status;
        if (walk->run.block == 0)
            return EXT2_DAMAGED(fs, "inode %u: block %lu of the directory is missing",
                                directory->number, walk->block);
    }
    return ext2_block_view(fs, directory->number, walk->run.block + (walk->block - walk->run_first),
                           data);
}

static bool is_typed(const struct ext2 *fs)
{
    return fs->incompatible & EXT2_INCOMPATIBLE_FILETYPE;
}

static uint32_t name_size(const struct ext2 *fs, const struct ext2_disk_entry *entry)
{
    return entry->name_size | (is_typed(fs) ? 0 : (uint32_t)entry->type << 8);
}

static uint16_t entry_type(const struct ext2 *fs, const struct ext2_disk_entry *entry)
{
    static const uint16_t types[] = {0, EXT2_ENTRY_TYPES};
    bool known = is_typed(fs) && entry->type < sizeof(types) / sizeof(types[0]);
    return known ? types[entry->type] : 0;
}

static const char *name_of(const struct ext2_disk_entry *entry)
{
    return (const char *)(entry + 1);
}

static bool name_is_sound(const struct ext2_disk_entry *entry, uint32_t size)
{
    return size != 0 && size <= EXT2_NAME_MAX && !memchr(name_of(entry), 0, size) &&
           !memchr(name_of(entry), '/', size);
}

// The entry at an offset of a directory's block, all of it inside the block.
static status_t entry_view(struct ext2 *fs, const struct ext2_inode *directory, uint64_t block,
                           const void *data, uint32_t offset, const struct ext2_disk_entry **entry)
{
    const struct ext2_disk_entry *here = (const void *)((const char *)data + offset);
    uint32_t left = fs->block_size - offset, size = here->record_size;
    if (size < sizeof(*here) || size % 4 || size > left)
        return EXT2_DAMAGED(fs, "inode %u: entry of %u bytes at %u in block %lu of the directory",
                            directory->number, size, offset, block);
    *entry = here;
    if (here->inode == 0)
        return OK;
    if (sizeof(*here) + name_size(fs, here) > size || !name_is_sound(here, name_size(fs, here)))
        return EXT2_DAMAGED(fs, "inode %u: damaged name at %u in block %lu of the directory",
                            directory->number, offset, block);
    if (here->inode > fs->inode_count)
        return EXT2_DAMAGED(fs, "inode %u: entry at %u in block %lu names inode %u of %u",
                            directory->number, offset, block, here->inode, fs->inode_count);
    return OK;
}

static status_t block_search(struct ext2 *fs, const struct ext2_inode *directory, uint64_t block,
                             const void *data, const char *name, size_t length, uint32_t *number)
{
    const struct ext2_disk_entry *entry;
    for (uint32_t offset = 0; offset < fs->block_size; offset += entry->record_size) {
        status_t status = entry_view(fs, directory, block, data, offset, &entry);
        if (status != OK)
            return status;
        if (entry->inode && name_size(fs, entry) == length &&
            memcmp(name_of(entry), name, length) == 0) {
            *number = entry->inode;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

// Begins where the last look-up in the same directory ended: names are mostly asked for in the
// order in which a listing gave them, and a large directory is then read once, not once a name.
status_t ext2_lookup(struct ext2 *fs, const struct ext2_inode *directory, const char *name,
                     size_t length_bytes, uint32_t *number)
{
    if (!ext2_is_type(directory, EXT2_MODE_DIRECTORY))
        return ERR_NOT_DIRECTORY;
    if (length_bytes > EXT2_NAME_MAX)
        return ERR_NAME_TOO_LONG;
    uint64_t blocks = directory->size >> fs->block_bits;
    struct directory_walk walk = {};
    if (fs->found_directory == directory->number && fs->found_block < blocks)
        walk.block = walk.run_first = fs->found_block;
    for (uint64_t searched = 0; searched < blocks; searched++) {
        const void *data;
        status_t status = walk_view(fs, directory, &walk, &data);
        if (status == OK)
            status = block_search(fs, directory, walk.block, data, name, length_bytes, number);
        if (status == OK) {
            fs->found_directory = directory->number;
            fs->found_block = (uint32_t)walk.block;
        }
        if (status != ERR_NOT_FOUND)
            return status;
        if (++walk.block == blocks)
            walk = (struct directory_walk){};
    }
    return ERR_NOT_FOUND;
}

static void entry_copy(const struct ext2 *fs, const struct ext2_disk_entry *disk,
                       struct ext2_entry *entry)
{
    entry->inode = disk->inode;
    entry->type = entry_type(fs, disk);
    entry->length = (uint16_t)name_size(fs, disk);
    memcpy(entry->name, name_of(disk), entry->length);
    entry->name[entry->length] = 0;
}

// Finds the first entry in use from an offset of a block on. Entries are walked from the block's
// begin, so that an offset into the middle of one does no harm.
static status_t block_list(struct ext2 *fs, const struct ext2_inode *directory, uint64_t block,
                           const void *data, uint32_t from, uint32_t *next,
                           struct ext2_entry *entry)
{
    const struct ext2_disk_entry *disk;
    for (uint32_t offset = 0; offset < fs->block_size; offset += disk->record_size) {
        status_t status = entry_view(fs, directory, block, data, offset, &disk);
        if (status != OK)
            return status;
        if (offset >= from && disk->inode) {
            entry_copy(fs, disk, entry);
            *next = offset + disk->record_size;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

status_t ext2_list(struct ext2 *fs, const struct ext2_inode *directory, uint64_t *cookie,
                   struct ext2_entry *entry)
{
    if (!ext2_is_type(directory, EXT2_MODE_DIRECTORY))
        return ERR_NOT_DIRECTORY;
    struct directory_walk walk = {.block = *cookie >> fs->block_bits};
    walk.run_first = walk.block;
    uint32_t from = *cookie % fs->block_size, next;
    for (; walk.block < directory->size >> fs->block_bits; walk.block++, from = 0) {
        const void *data;
        status_t status = walk_view(fs, directory, &walk, &data);
        if (status == OK)
            status = block_list(fs, directory, walk.block, data, from, &next, entry);
        if (status == OK)
            *cookie = (walk.block << fs->block_bits) + next;
        if (status != ERR_NOT_FOUND)
            return status;
    }
    return ERR_NOT_FOUND;
}
