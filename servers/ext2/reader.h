// Pages of files, as slots to send clones of: pages of the image themselves wherever a file's page
// is one, else pages that were put together.
#pragma once

#include "cache.h"
#include "ext2.h"

struct reader_answer {
    uaddr_t slots;  // neighbours in one table; they stay until the next call
    unsigned count; // pages, 0 at the end of the file
    uint32_t bytes; // of them that are the file's; what is behind is zero
};

// Reads up to `limit` pages of a regular file or a directory from an offset on. ERR_BAD_ARGUMENT:
// the offset is not a multiple of the page size; ERR_IO, ERR_NO_MEMORY, ERR_BAD_FORMAT.
status_t reader_read(struct ext2 *fs, struct cache *cache, const struct ext2_inode *inode,
                     uint64_t offset_bytes, unsigned limit, struct reader_answer *answer);
