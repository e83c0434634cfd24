// The folder that ext2 test images are made of: everything that block maps, directories and links
// can look like, small in bytes.
#pragma once

#include "ext2_image.h"

static constexpr unsigned TREE_MANY = 5000;
static constexpr unsigned TREE_DEPTH = 60;

static inline void tree_path(char *path, const char *format, va_list arguments)
{
    int length = snprintf(path, PATH_MAX, "%s/tree/", work_folder());
    vsnprintf(path + length, PATH_MAX - (size_t)length, format, arguments);
}

[[gnu::format(printf, 1, 2)]] static inline int tree_open(const char *format, ...)
{
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    tree_path(path, format, arguments);
    va_end(arguments);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    return fd;
}

[[gnu::format(printf, 1, 2)]] static inline void tree_folder(const char *format, ...)
{
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    tree_path(path, format, arguments);
    va_end(arguments);
    CHECK_EQ(mkdir(path, 0755), 0);
}

[[gnu::format(printf, 2, 3)]] static inline void tree_link(const char *target, const char *format,
                                                           ...)
{
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    tree_path(path, format, arguments);
    va_end(arguments);
    CHECK_EQ(symlink(target, path), 0);
}

// Bytes that differ from block to block and are never 0.
static inline void tree_write(int fd, uint64_t offset, size_t length)
{
    static unsigned char bytes[1 << 16];
    uint64_t state = offset * 0x9e3779b97f4a7c15 + length + 1;
    while (length) {
        size_t piece = length < sizeof(bytes) ? length : sizeof(bytes);
        for (size_t i = 0; i < piece; i++) {
            state = state * 6364136223846793005 + 1442695040888963407;
            bytes[i] = (unsigned char)(state >> 56) | 1;
        }
        CHECK_EQ(pwrite(fd, bytes, piece, (off_t)offset), (ssize_t)piece);
        offset += piece;
        length -= piece;
    }
}

// A file with bytes at its begin and end alone: its size is `size`.
static inline void tree_sparse(const char *name, uint64_t size)
{
    int fd = tree_open("%s-%llu", name, (unsigned long long)size);
    CHECK_EQ(ftruncate(fd, (off_t)size), 0);
    size_t edge = size < 3000 ? size : 3000;
    tree_write(fd, 0, edge);
    tree_write(fd, size - edge, edge);
    close(fd);
}

// Sizes around the places where a file's map changes its shape, for one block size.
static inline void tree_boundaries(uint64_t block)
{
    uint64_t entries = block / 4, ends[] = {1,
                                            2,
                                            12,
                                            12 + 1,
                                            12 + entries,
                                            12 + entries + 1,
                                            12 + 2 * entries,
                                            12 + entries + entries * entries};
    char name[32];
    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, sizeof(name), "sizes/block-%llu-%u", (unsigned long long)block, i);
        for (int off = -1; off <= 1; off++)
            tree_sparse(name, ends[i] * block + (uint64_t)off);
    }
    // Data right behind lists that are absent.
    int fd = tree_open("sizes/after-hole-%llu", (unsigned long long)block);
    tree_write(fd, (12 + 2 * entries) * block, 3000);
    close(fd);
    // Past the triple's first double.
    snprintf(name, sizeof(name), "sizes/triple-%llu", (unsigned long long)block);
    tree_sparse(name, (12 + entries + entries * entries * 2 + entries * 3 + 7) * block + 5);
}

static inline void tree_files(void)
{
    tree_folder("sizes");
    close(tree_open("sizes/empty"));
    for (uint64_t block = 1024; block <= 4096; block *= 2)
        tree_boundaries(block);
    int fd = tree_open("sizes/dense"); // double indirection with 1 and 2 KiB
    tree_write(fd, 0, 1'234'567);
    close(fd);
    fd = tree_open("sizes/holes");
    for (uint64_t offset = 0; offset < 400; offset++)
        if (offset * offset % 7 < 3)
            tree_write(fd, offset * 4096, 1024 + offset % 4 * 1024);
    CHECK_EQ(ftruncate(fd, 500 * 4096 + 17), 0);
    close(fd);
    fd = tree_open("sizes/all-hole");
    CHECK_EQ(ftruncate(fd, 3'000'000), 0);
    close(fd);
}

static inline void tree_directories(void)
{
    char name[256] = {};
    tree_folder("many");
    for (unsigned i = 0; i < TREE_MANY; i++)
        close(tree_open("many/entry-%05u%.*s", i, (int)(i % 40),
                        "-a-tail-of-some-length-for-some-variety"));
    memset(name, 'n', 255);
    tree_folder("%s", name);
    close(tree_open("%s/%s", name, name));
    name[254] = 'o';
    close(tree_open("%s", name));
    char path[PATH_MAX] = "deep";
    tree_folder("%s", path);
    for (unsigned i = 1; i < TREE_DEPTH; i++) {
        snprintf(path + strlen(path), 32, "/level-%02u", i);
        tree_folder("%s", path);
    }
    int fd = tree_open("%s/bottom", path);
    tree_write(fd, 0, 10);
    close(fd);
}

static inline void tree_links(void)
{
    char text[1024] = {}, name[32];
    tree_folder("links");
    tree_link("../sizes/dense", "links/relative");
    tree_link("/sizes/dense", "links/absolute");
    tree_link("../sizes/", "links/folder");
    tree_link("missing", "links/dangling");
    tree_link("self", "links/self");
    tree_link("ring-b", "links/ring-a");
    tree_link("ring-a", "links/ring-b");
    tree_link("../sizes/empty/", "links/slash");
    for (unsigned length = 58; length <= 62; length++) { // fast up to 59 bytes
        memset(text, '/', length);
        memcpy(text, "..", 2);
        memcpy(text + length - 5, "sizes", 5);
        tree_link(text, "links/long-%u", length);
    }
    for (unsigned i = 0; i < 500; i++)
        memcpy(text + 2 * i, "./", 3);
    tree_link(strcat(text, "relative"), "links/very-long");
    tree_link("../sizes/dense", "links/chain-01");
    for (unsigned i = 2; i <= 41; i++) {
        snprintf(name, sizeof(name), "chain-%02u", i - 1);
        tree_link(name, "links/chain-%02u", i);
    }
}

static inline void tree_make(void)
{
    command("mkdir tree && mkfifo tree/fifo");
    tree_files();
    tree_directories();
    tree_links();
}

// An image of the tree, labelled with its own name.
static inline void image_make(const char *name, const char *format)
{
    command("test -d tree && rm -f %s && mke2fs -q -F %s -d tree -N 6000 -L %s -E root_owner=0:0 "
            "%s 40M >mke2fs.log 2>&1 || { cat mke2fs.log; exit 1; }",
            name, format, name, name);
}
