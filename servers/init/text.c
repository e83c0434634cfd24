// Whole files as text.

#include "init.h"

#include <baton/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static constexpr unsigned TEXT_MAXIMUM = 64 * 1024; // bytes

// Reads `size` bytes; false after an error.
static bool read_all(int fd, char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t part = read(fd, text + done, size - done);
        if (part <= 0)
            return false;
        done += (size_t)part;
    }
    return true;
}

static char *text_read(int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0 || stat.st_size > (off_t)TEXT_MAXIMUM)
        return nullptr;
    size_t size = (size_t)stat.st_size;
    char *text = malloc(size + 1);
    if (!text || !read_all(fd, text, size)) {
        free(text);
        return nullptr;
    }
    text[size] = 0;
    return text;
}

bool file_text(const char *path, char **text)
{
    *text = nullptr;
    int fd = open(path, O_RDONLY);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd >= 0) {
        *text = text_read(fd);
        close(fd);
    }
    if (!*text)
        log_error("%s: cannot read it as text of up to %u KiB", path, TEXT_MAXIMUM / 1024);
    return *text;
}
