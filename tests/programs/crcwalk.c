// Walks a folder and prints what it finds, for tests to compare with the host:
//
//     SIZE CRC PATH          a file: bytes in decimal, CRC-32 (ISO 3309, as zlib's) as 8 hex digits
//     link PATH -> TARGET
//     folder PATH ENTRIES    . and .. not counted
//     other PATH
//
// Of files larger than WHOLE_MAX the CRC covers three windows: the begin, the middle, the end. Only
// one folder is open at a time. The status is 1 if anything could not be read.

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static constexpr long long WHOLE_MAX = 16 << 20;
static constexpr long long WINDOW = 1 << 20;
static constexpr size_t PATH_SIZE = 4096;

struct folders {
    char *names; // one behind the other, each ended by 0
    size_t size, room;
};

static uint32_t crc_table[256];
static char path[PATH_SIZE];
static char buffer[1 << 16], stream_buffer[1 << 16];
static bool failed;

static void crc_prepare(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        crc_table[byte] = crc;
    }
}

static uint32_t crc_add(uint32_t crc, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        crc = crc >> 8 ^ crc_table[(crc ^ (uint8_t)bytes[i]) & 0xff];
    return crc;
}

static void fail(const char *what)
{
    printf("error %s: %s: %s\n", path, what, strerror(errno));
    failed = true;
}

// Adds a stretch of the open file; false if it is shorter.
static bool stretch_add(FILE *file, long long offset, long long count, uint32_t *crc)
{
    if (fseeko(file, (off_t)offset, SEEK_SET) != 0)
        return false;
    while (count > 0) {
        size_t piece = count < (long long)sizeof(buffer) ? (size_t)count : sizeof(buffer);
        if (fread(buffer, 1, piece, file) != piece)
            return false;
        *crc = crc_add(*crc, buffer, piece);
        count -= (long long)piece;
    }
    return true;
}

static bool data_add(FILE *file, long long size, uint32_t *crc)
{
    if (size <= WHOLE_MAX)
        return stretch_add(file, 0, size, crc);
    return stretch_add(file, 0, WINDOW, crc) && stretch_add(file, size / 2, WINDOW, crc) &&
           stretch_add(file, size - WINDOW, WINDOW, crc);
}

static void file_print(long long size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail("fopen");
        return;
    }
    setvbuf(file, stream_buffer, _IOFBF, sizeof(stream_buffer));
    uint32_t crc = 0xffffffff;
    if (!data_add(file, size, &crc))
        fail("fread");
    else if (fread(buffer, 1, 1, file) != 0 || !feof(file))
        fail("more than its size");
    else
        printf("%lld %08lx %s\n", size, (unsigned long)~crc & 0xffffffff, path);
    fclose(file);
}

static void link_print(void)
{
    ssize_t length = readlink(path, buffer, sizeof(buffer));
    if (length < 0)
        fail("readlink");
    else
        printf("link %s -> %.*s\n", path, (int)length, buffer);
}

static void folder_remember(struct folders *folders, const char *name)
{
    size_t length = strlen(name) + 1;
    if (folders->size + length > folders->room) {
        folders->room = folders->room * 2 + length;
        folders->names = realloc(folders->names, folders->room);
        if (!folders->names) {
            fail("realloc");
            exit(1);
        }
    }
    memcpy(folders->names + folders->size, name, length);
    folders->size += length;
}

static void entry_print(struct folders *folders, const char *name)
{
    struct stat state;
    if (lstat(path, &state) != 0)
        fail("lstat");
    else if (S_ISDIR(state.st_mode))
        folder_remember(folders, name);
    else if (S_ISREG(state.st_mode))
        file_print((long long)state.st_size);
    else if (S_ISLNK(state.st_mode))
        link_print();
    else
        printf("other %s\n", path);
}

// Appends a name to the path; false if it does not fit.
static bool path_enter(size_t length, const char *name)
{
    if (length + 1 + strlen(name) + 1 > sizeof(path)) {
        errno = ENAMETOOLONG;
        fail(name);
        return false;
    }
    path[length] = '/';
    strcpy(path + length + 1, name);
    return true;
}

static void folder_list(struct folders *folders)
{
    DIR *folder = opendir(path);
    if (!folder) {
        fail("opendir");
        return;
    }
    size_t length = strlen(path);
    unsigned count = 0;
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (path_enter(length, entry->d_name))
            entry_print(folders, entry->d_name);
        path[length] = 0;
        errno = 0;
    }
    if (errno)
        fail("readdir");
    closedir(folder);
    printf("folder %s %u\n", path, count);
}

// Files first, then what lies below: so one folder is open, however deep the tree.
static void folder_walk(void)
{
    struct folders folders = {};
    size_t length = strlen(path);
    folder_list(&folders);
    for (size_t at = 0; at < folders.size; at += strlen(folders.names + at) + 1) {
        if (path_enter(length, folders.names + at))
            folder_walk();
        path[length] = 0;
    }
    free(folders.names);
}

int main(int argc, char **argv)
{
    if (argc != 2 || strlen(argv[1]) >= sizeof(path)) {
        fputs("usage: crcwalk FOLDER\n", stderr);
        return 2;
    }
    strcpy(path, argv[1]);
    crc_prepare();
    folder_walk();
    return failed;
}
