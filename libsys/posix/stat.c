// What is known about files.

#include "internal.h"

#include <protocols/file.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t type_of(enum file_kind kind)
{
    switch (kind) {
    case FILE_KIND_DIRECTORY:
        return S_IFDIR;
    case FILE_KIND_SYMLINK:
        return S_IFLNK;
    case FILE_KIND_CHARACTER_DEVICE:
        return S_IFCHR;
    case FILE_KIND_BLOCK_DEVICE:
        return S_IFBLK;
    case FILE_KIND_FIFO:
        return S_IFIFO;
    case FILE_KIND_SOCKET:
        return S_IFSOCK;
    case FILE_KIND_REGULAR:
        break;
    }
    return S_IFREG;
}

static void stat_fill(struct stat *to, const struct file_stat *from)
{
    *to = (struct stat){
        .st_ino = (ino_t)from->inode,
        .st_mode = type_of(from->kind) | from->permissions,
        .st_nlink = (nlink_t)from->links,
        .st_uid = (uid_t)from->owner,
        .st_gid = (gid_t)from->group,
        .st_size = (off_t)from->size,
        .st_blksize = PAGE_SIZE,
        .st_blocks = (blkcnt_t)((from->size + 511) / 512),
        .st_atim = {.tv_sec = from->modified},
        .st_mtim = {.tv_sec = from->modified},
        .st_ctim = {.tv_sec = from->modified},
    };
}

static int stat_path(const char *path, bool follow, struct stat *buffer)
{
    static char absolute[PATH_SIZE];
    if (path_absolute(path, absolute) != 0)
        return -1;
    struct file_stat stat;
    status_t status = file_stat(file_port(), absolute, follow, &stat);
    if (status != OK)
        return posix_fail(status);
    stat_fill(buffer, &stat);
    return 0;
}

int stat(const char *path, struct stat *buffer)
{
    return stat_path(path, true, buffer);
}

int lstat(const char *path, struct stat *buffer)
{
    return stat_path(path, false, buffer);
}

int fstat(int fd, struct stat *buffer)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return -1;
    if (file->kind == DESCRIPTOR_TERMINAL) {
        *buffer = (struct stat){.st_mode = S_IFCHR | S_IRUSR | S_IWUSR, .st_blksize = PAGE_SIZE};
        return 0;
    }
    struct file_stat stat;
    status_t status = file_stat_fd(file->port, file->remote, &stat);
    if (status != OK)
        return posix_fail(status);
    stat_fill(buffer, &stat);
    return 0;
}

// There are no users yet: whoever holds the `file` handle may do what any of the file's classes
// may.
int access(const char *path, int mode)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return -1;
    if (mode & W_OK)
        return posix_fail(ERR_READ_ONLY);
    if ((mode & R_OK) && !(found.st_mode & (S_IRUSR | S_IRGRP | S_IROTH)))
        return posix_fail(ERR_DENIED);
    if ((mode & X_OK) && !(found.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
        return posix_fail(ERR_DENIED);
    return 0;
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size)
{
    static char absolute[PATH_SIZE], target[FILE_LINK_LIMIT + 1];
    if (path_absolute(path, absolute) != 0)
        return -1;
    status_t status = file_read_link(file_port(), absolute, target);
    if (status != OK)
        return posix_fail(status);
    size_t length = strlen(target);
    length = length < size ? length : size;
    memcpy(buffer, target, length);
    return (ssize_t)length;
}
