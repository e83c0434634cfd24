// Directories: a page of entries at a time, taken out of its landing window at once.

#include "internal.h"

#include <baton/parcel.h>

#include <protocols/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct directory {
    int fd;
    uint64_t next;        // cookie of the page to ask for
    const char *page;     // at slots of its own, null: none
    uint32_t left, at;    // entries in the page not yet read; offset of the first of them
    struct dirent entry;
};

static_assert(offsetof(struct file_entry, name) + MAXNAMLEN < PAGE_SIZE);

DIR *fdopendir(int fd)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return nullptr;
    if (!file->directory) {
        errno = ENOTDIR;
        return nullptr;
    }
    DIR *directory = malloc(sizeof *directory);
    if (directory)
        *directory = (DIR){.fd = fd, .next = FILE_LIST_START};
    return directory;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return nullptr;
    DIR *directory = fdopendir(fd);
    if (!directory)
        close(fd);
    return directory;
}

static void page_drop(DIR *directory)
{
    if (directory->page)
        pages_free((void *)(uintptr_t)directory->page, 1);
    directory->page = nullptr;
    directory->left = 0;
}

static status_t page_load(DIR *directory, const struct descriptor *file)
{
    page_drop(directory);
    uint32_t count;
    parcel_t landed;
    status_t status = file_list(file->port, file->remote, directory->next, &directory->next,
                                &count, &landed);
    if (status != OK || count == 0)
        return status;
    uaddr_t slots = slots_allocate(1);
    status = slots ? landing_take(landed, slots) : ERR_NO_MEMORY;
    if (status != OK) {
        (void)landing_free(landed);
        if (slots)
            slots_free(slots, 1);
        return status;
    }
    directory->page = (const char *)slots;
    directory->left = count;
    directory->at = 0;
    return OK;
}

static unsigned char type_of(enum file_kind kind)
{
    static const unsigned char types[] = {
        [FILE_KIND_REGULAR] = DT_REG,      [FILE_KIND_DIRECTORY] = DT_DIR,
        [FILE_KIND_SYMLINK] = DT_LNK,      [FILE_KIND_CHARACTER_DEVICE] = DT_CHR,
        [FILE_KIND_BLOCK_DEVICE] = DT_BLK, [FILE_KIND_FIFO] = DT_FIFO,
        [FILE_KIND_SOCKET] = DT_SOCK,
    };
    return kind < sizeof types ? types[kind] : DT_UNKNOWN;
}

// Copies the next entry of the page; null with errno EIO if it goes past the page's end.
static struct dirent *entry_take(DIR *directory)
{
    static constexpr uint32_t NAME_OFFSET = offsetof(struct file_entry, name);
    const struct file_entry *entry = (const void *)(directory->page + directory->at);
    if (directory->at + NAME_OFFSET > PAGE_SIZE ||
        directory->at + NAME_OFFSET + entry->length > PAGE_SIZE) {
        posix_fail(ERR_BAD_MESSAGE);
        return nullptr;
    }
    directory->entry.d_ino = (ino_t)entry->inode;
    directory->entry.d_type = type_of(entry->kind);
    memcpy(directory->entry.d_name, entry->name, entry->length);
    directory->entry.d_name[entry->length] = 0;
    directory->left--;
    directory->at += (NAME_OFFSET + entry->length + 7u) & ~7u;
    return &directory->entry;
}

struct dirent *readdir(DIR *directory)
{
    struct descriptor *file = descriptor_get(directory->fd);
    while (file && directory->left == 0) {
        if (directory->next == FILE_LIST_END)
            return nullptr;
        status_t status = page_load(directory, file);
        if (status != OK) {
            posix_fail(status);
            return nullptr;
        }
    }
    return file ? entry_take(directory) : nullptr;
}

void rewinddir(DIR *directory)
{
    page_drop(directory);
    directory->next = FILE_LIST_START;
}

int dirfd(DIR *directory)
{
    return directory->fd;
}

int closedir(DIR *directory)
{
    page_drop(directory);
    int result = close(directory->fd);
    free(directory);
    return result;
}
