// The table of descriptors. 0, 1 and 2 are the terminal handles that the program was given.

#include "internal.h"

#include <baton/parcel.h>
#include <baton/start.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include <protocols/file.h>

static struct descriptor table[DESCRIPTORS_MAXIMUM];

[[gnu::constructor]] static void standard_open(void)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    for (unsigned i = 0; i < 3; i++) {
        handle_t port = start_handle(names[i]);
        if (port)
            table[i] = (struct descriptor){.kind = DESCRIPTOR_TERMINAL, .port = port};
    }
}

struct descriptor *descriptor_get(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS_MAXIMUM && table[fd].kind != DESCRIPTOR_FREE)
        return &table[fd];
    errno = EBADF;
    return nullptr;
}

int descriptor_allocate(void)
{
    for (int fd = 0; fd < DESCRIPTORS_MAXIMUM; fd++) {
        if (table[fd].kind == DESCRIPTOR_FREE)
            return fd;
    }
    errno = EMFILE;
    return -1;
}

handle_t file_port(void)
{
    return start_handle("file");
}

int open(const char *path, int flags, ...)
{
    static char absolute[PATH_SIZE];
    int fd = descriptor_allocate();
    if (fd < 0 || path_absolute(path, absolute) != 0)
        return -1;
    struct descriptor file = {.kind = DESCRIPTOR_FILE, .port = file_port()};
    enum file_kind kind;
    uint64_t inode, generation;
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0)
        return posix_fail(ERR_READ_ONLY);
    status_t status = file_open(file.port, absolute, FILE_MODE_READ, &file.remote, &kind,
                                &file.size, &inode, &generation);
    if (status != OK)
        return posix_fail(status);
    file.directory = kind == FILE_KIND_DIRECTORY;
    table[fd] = file;
    if ((flags & O_DIRECTORY) && !file.directory) {
        close(fd);
        return posix_fail(ERR_NOT_DIRECTORY);
    }
    return fd;
}

int close(int fd)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return -1;
    status_t status = OK;
    if (file->kind == DESCRIPTOR_FILE) {
        file_forget_run(file);
        status = file_close(file->port, file->remote);
    }
    *file = (struct descriptor){};
    return status == OK ? 0 : posix_fail(status);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return -1;
    if (file->kind == DESCRIPTOR_TERMINAL)
        return terminal_read_bytes(file->port, buffer, size);
    return file_read_bytes(file, buffer, size);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return -1;
    if (file->kind == DESCRIPTOR_TERMINAL)
        return terminal_write_bytes(file->port, buffer, size);
    return posix_fail(ERR_BAD_FD); // files are opened for reading alone
}

off_t lseek(int fd, off_t offset, int whence)
{
    struct descriptor *file = descriptor_get(fd);
    if (!file)
        return -1;
    if (file->kind == DESCRIPTOR_TERMINAL) {
        errno = ESPIPE;
        return -1;
    }
    uint64_t from = whence == SEEK_CUR ? file->offset : whence == SEEK_END ? file->size : 0;
    int64_t target;
    if (whence < SEEK_SET || whence > SEEK_END ||
        __builtin_add_overflow((int64_t)from, offset, &target) || target < 0)
        return posix_fail(ERR_BAD_ARGUMENT);
    file->offset = (uint64_t)target;
    return target;
}

int isatty(int fd)
{
    struct descriptor *file = descriptor_get(fd);
    if (file && file->kind == DESCRIPTOR_TERMINAL)
        return 1;
    if (file)
        errno = ENOTTY;
    return 0;
}
