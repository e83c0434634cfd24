// What the files of the C library glue share: descriptors, errors, paths.
#pragma once

#include <abi/status.h>
#include <abi/types.h>

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

static constexpr int DESCRIPTORS_MAXIMUM = 64;
static constexpr size_t PATH_SIZE = 4096; // bytes, with the final 0

enum descriptor_kind : uint8_t { DESCRIPTOR_FREE, DESCRIPTOR_TERMINAL, DESCRIPTOR_FILE };

// An open file. Pages that were read stay as a run until another one is needed.
struct descriptor {
    enum descriptor_kind kind;
    bool directory;
    handle_t port;
    uint32_t remote; // the server's number for it
    uint64_t offset;
    uint64_t size;
    uaddr_t slots;   // where the run lies, 0: no place yet
    uint64_t run_offset;
    uint32_t run_bytes;
    unsigned run_pages, next_pages; // in the run; to ask for the next time
};

// The open descriptor, or null with errno EBADF.
struct descriptor *descriptor_get(int fd);

// A free descriptor's number, or -1 with errno EMFILE.
int descriptor_allocate(void);

// Sets errno for a status other than OK, and is -1.
int posix_fail(status_t status);

// Makes an absolute path of one that counts from the current directory: single slashes, no ".".
// Sets errno (ENOENT for an empty path, ENAMETOOLONG) and is -1 if it cannot.
int path_absolute(const char *path, char absolute[PATH_SIZE]);

ssize_t file_read_bytes(struct descriptor *file, void *buffer, size_t size);
void file_forget_run(struct descriptor *file);
ssize_t terminal_read_bytes(handle_t port, void *buffer, size_t size);
ssize_t terminal_write_bytes(handle_t port, const void *buffer, size_t size);

// The handle of the `file` server, or HANDLE_NONE.
handle_t file_port(void);
