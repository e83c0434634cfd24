// A range of I/O ports as an object.
#pragma once

#include "message/object.h"

struct io_range {
    struct object object;
    uint32_t first, count;
};

// A program has this range from now on: if it is the first serial port, the terminal is the
// program's (design section 7), until it ends.
static inline void io_range_opened(const struct io_range *range) {
    static constexpr uint32_t FIRST_SERIAL = 0x3f8;
    if (range->first <= FIRST_SERIAL && FIRST_SERIAL < range->first + range->count)
        hal_terminal_yield(true);
}
