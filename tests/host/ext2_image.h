// Ext2 images for host tests: made by mke2fs in a temporary folder, read through a device that
// keeps the core's promise: the page handed out before is gone when the next one is asked for.
#pragma once

#include "../../servers/ext2/ext2.h"
#include "test.h"

#include <baton/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    unsigned char *bytes;
    uint64_t size;
    void *page;     // handed out last
    uint64_t pages; // handed out so far
};

static char last_log[512]; // the newest line of the code under test
static unsigned log_lines;

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_log, sizeof(last_log), format, arguments);
    va_end(arguments);
    log_lines += level == LOG_ERROR;
}

static inline const char *work_folder(void);

static inline void work_folder_remove(void)
{
    char line[256];
    snprintf(line, sizeof(line), "rm -rf '%s'", work_folder());
    if (system(line) != 0)
        perror(line);
}

// A folder that is there until the test ends.
static inline const char *work_folder(void)
{
    static char folder[128];
    if (folder[0])
        return folder;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/ext2-test-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    atexit(work_folder_remove);
    return folder;
}

// Runs a command in the work folder; the file system's tools are often not on a user's path.
[[gnu::format(printf, 1, 2)]] static inline void command(const char *format, ...)
{
    char text[2048], line[2400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    snprintf(line, sizeof(line), "cd '%s' && PATH=$PATH:/usr/sbin:/sbin && %s", work_folder(),
             text);
    int result = system(line);
    if (result != 0) {
        fprintf(stderr, "command ended with %d: %s\n", result, text);
        exit(1);
    }
}

static inline struct image image_load(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", work_folder(), name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) != 0) {
        perror(path);
        exit(1);
    }
    struct image image = {.size = (uint64_t)stat.st_size};
    image.bytes = mmap(nullptr, image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(image.bytes != MAP_FAILED);
    close(fd);
    return image;
}

static inline void image_drop(struct image *image)
{
    munmap(image->bytes, image->size);
    free(image->page);
    *image = (struct image){};
}

static inline status_t image_page(void *context, uint64_t page_index, const void **page)
{
    struct image *image = context;
    uint64_t offset = page_index * PAGE_SIZE;
    CHECK(offset < image->size);
    if (offset >= image->size)
        return ERR_IO;
    free(image->page);
    image->page = calloc(1, PAGE_SIZE);
    uint64_t left = image->size - offset;
    memcpy(image->page, image->bytes + offset, left < PAGE_SIZE ? left : PAGE_SIZE);
    image->pages++;
    *page = image->page;
    return OK;
}

static inline struct ext2_device image_device(struct image *image)
{
    return (struct ext2_device){image_page, image, image->size};
}

static inline status_t path_find(struct ext2 *fs, const char *path, bool follow,
                                 struct ext2_inode *inode)
{
    return ext2_resolve(fs, EXT2_ROOT_INODE, path, strlen(path), follow, inode);
}
