// Entries lie one behind the other; what does not fit begins the next page.

#include "listing.h"

#include <string.h>

static constexpr size_t ENTRY_ALIGNMENT = 8;

enum file_kind kind_of_mode(uint16_t mode)
{
    switch (mode & EXT2_MODE_TYPE) {
    case EXT2_MODE_DIRECTORY:
        return FILE_KIND_DIRECTORY;
    case EXT2_MODE_SYMLINK:
        return FILE_KIND_SYMLINK;
    case EXT2_MODE_CHARACTER:
        return FILE_KIND_CHARACTER_DEVICE;
    case EXT2_MODE_BLOCK:
        return FILE_KIND_BLOCK_DEVICE;
    case EXT2_MODE_FIFO:
        return FILE_KIND_FIFO;
    case EXT2_MODE_SOCKET:
        return FILE_KIND_SOCKET;
    default:
        return FILE_KIND_REGULAR;
    }
}

// Entries of old file systems do not say their type; then the inode does.
static status_t kind_find(struct ext2 *fs, const struct ext2_entry *entry, enum file_kind *kind)
{
    struct ext2_inode inode = {.mode = entry->type};
    status_t status = entry->type ? OK : ext2_inode_read(fs, entry->inode, &inode);
    *kind = kind_of_mode(inode.mode);
    return status;
}

// Appends one entry at `*used`; false if the page is full.
static bool entry_append(void *page, size_t *used, const struct ext2_entry *entry,
                         enum file_kind kind)
{
    struct file_entry *target = (void *)((char *)page + *used);
    size_t size = offsetof(struct file_entry, name) + entry->length;
    size = (size + ENTRY_ALIGNMENT - 1) & ~(ENTRY_ALIGNMENT - 1);
    if (*used + size > PAGE_SIZE)
        return false;
    target->inode = entry->inode;
    target->kind = kind;
    target->length = (uint8_t)entry->length;
    memcpy(target->name, entry->name, entry->length);
    *used += size;
    return true;
}

status_t listing_fill(struct ext2 *fs, const struct ext2_inode *directory, uint64_t cookie,
                      void *page, uint64_t *next, uint32_t *count)
{
    struct ext2_entry entry;
    enum file_kind kind;
    size_t used = 0;
    *count = 0;
    for (;;) {
        *next = cookie;
        status_t status = ext2_list(fs, directory, &cookie, &entry);
        if (status == ERR_NOT_FOUND) {
            *next = FILE_LIST_END;
            return OK;
        }
        if (status == OK)
            status = kind_find(fs, &entry, &kind);
        if (status != OK)
            return *count ? OK : status;
        if (!entry_append(page, &used, &entry, kind))
            return OK;
        ++*count;
    }
}
