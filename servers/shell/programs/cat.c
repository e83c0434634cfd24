// cat [FILE ...]: writes files one behind the other; without any, or for "-", what is typed.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[32 * 1024];

static bool copy(int fd)
{
    for (;;) {
        ssize_t size = read(fd, buffer, sizeof buffer);
        if (size <= 0)
            return size == 0;
        if (write(STDOUT_FILENO, buffer, (size_t)size) != size)
            return false;
    }
}

static bool cat(const char *path)
{
    bool typed = strcmp(path, "-") == 0;
    int fd = typed ? STDIN_FILENO : open(path, O_RDONLY);
    bool good = fd >= 0 && copy(fd);
    if (!good)
        fprintf(stderr, "cat: %s: %s\n", path, strerror(errno));
    if (fd >= 0 && !typed)
        close(fd);
    return good;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return cat("-") ? 0 : 1;
    bool good = true;
    for (int i = 1; i < argc; i++)
        good = cat(argv[i]) && good;
    return good ? 0 : 1;
}
