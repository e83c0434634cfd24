// Numbers that are hard to guess, for addresses and hash seeds; not for cryptography. Seeded from
// the start page and, at each call, from the time-stamp counter.
#pragma once

#include <stdint.h>

uint64_t random_next(void);

// A number from 0 to limit - 1; limit is at least 1.
uint64_t random_below(uint64_t limit);
