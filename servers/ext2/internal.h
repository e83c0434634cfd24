// What the core's files share and nobody else needs.
#pragma once

#include "ext2.h"

#include <baton/log.h>

// Logs damage, up to EXT2_REPORTS_MAX lines for each mount, and is ERR_BAD_FORMAT.
#define EXT2_DAMAGED(fs, format, ...)                                                             \
    (ext2_report(fs) ? log_error("%s: " format, (fs)->name __VA_OPT__(, ) __VA_ARGS__) : (void)0, \
     ERR_BAD_FORMAT)

// Whether one more line about damage may be logged; says so once when that was the last.
bool ext2_report(struct ext2 *fs);

// A block's bytes, until the next device page is asked for. `inode` is who names it, for the log.
status_t ext2_block_view(struct ext2 *fs, uint32_t inode, uint64_t block, const void **data);

static inline uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t divide_up(uint64_t dividend, uint64_t divisor)
{
    return dividend / divisor + (dividend % divisor != 0);
}
