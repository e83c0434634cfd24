// The current directory, which the system knows nothing of.

#include "internal.h"

#include <protocols/file.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char current[PATH_SIZE];

// A program begins where its parent says that it is.
[[gnu::constructor]] static void current_begin(void)
{
    const char *parent = getenv("PWD");
    bool usable = parent && *parent == '/' && strlen(parent) < sizeof current;
    strcpy(current, usable ? parent : "/");
}

// Appends the path's parts to an absolute path without a slash at its end (the root is ""). With
// `climb` a ".." takes the last part away, else it stays for the server to follow.
static int parts_append(char *absolute, size_t length, const char *path, bool climb)
{
    while (*path) {
        size_t part = strcspn(path, "/");
        if (climb && part == 2 && memcmp(path, "..", 2) == 0) {
            while (length > 0 && absolute[--length] != '/')
                continue;
        } else if (part > 0 && !(part == 1 && *path == '.')) {
            if (length + 1 + part >= PATH_SIZE) {
                errno = ENAMETOOLONG;
                return -1;
            }
            absolute[length] = '/';
            memcpy(absolute + length + 1, path, part);
            length += 1 + part;
        }
        path += part + strspn(path + part, "/");
    }
    if (length == 0)
        absolute[length++] = '/';
    absolute[length] = 0;
    return 0;
}

static int path_join(const char *path, char absolute[PATH_SIZE], bool climb)
{
    if (!*path) {
        errno = ENOENT;
        return -1;
    }
    size_t length = 0;
    if (*path != '/' && strcmp(current, "/") != 0) {
        length = strlen(current);
        memcpy(absolute, current, length);
    }
    return parts_append(absolute, length, path, climb);
}

int path_absolute(const char *path, char absolute[PATH_SIZE])
{
    return path_join(path, absolute, false);
}

int chdir(const char *path)
{
    static char absolute[PATH_SIZE];
    if (path_join(path, absolute, true) != 0)
        return -1;
    struct file_stat stat;
    status_t status = file_stat(file_port(), absolute, true, &stat);
    if (status == OK && stat.kind != FILE_KIND_DIRECTORY)
        status = ERR_NOT_DIRECTORY;
    if (status != OK)
        return posix_fail(status);
    strcpy(current, absolute);
    return 0;
}

char *getcwd(char *buffer, size_t size)
{
    size_t needed = strlen(current) + 1;
    if (!buffer || size < needed) {
        errno = buffer && size > 0 ? ERANGE : EINVAL;
        return nullptr;
    }
    return memcpy(buffer, current, needed);
}
