// Directory entries as file.list answers them.
#pragma once

#include "ext2.h"

#include <protocols/file.h>

// What `file` calls an inode's type.
enum file_kind kind_of_mode(uint16_t mode);

// Fills a page of zeros with entries from `cookie` on. `next` is the cookie behind the last of
// them, FILE_LIST_END if nothing follows. Damage behind the first entries is reported to who
// asks for the next. ERR_NOT_DIRECTORY, ERR_BAD_FORMAT, ERR_IO, ERR_NO_MEMORY.
status_t listing_fill(struct ext2 *fs, const struct ext2_inode *directory, uint64_t cookie,
                      void *page, uint64_t *next, uint32_t *count);
