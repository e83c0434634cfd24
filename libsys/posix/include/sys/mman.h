// Files as memory (POSIX): private mappings of regular files.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4

#define MAP_SHARED 1
#define MAP_PRIVATE 2

#define MAP_FAILED ((void *)-1)

// PROT_READ, with PROT_WRITE or without; MAP_PRIVATE; `address` is not looked at. EINVAL, ENOTSUP
// (other rights), EBADF, ENODEV (not a regular file), ENOMEM.
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);

// Frees whole pages, of one mapping or a part of it. EINVAL.
int munmap(void *address, size_t length);
