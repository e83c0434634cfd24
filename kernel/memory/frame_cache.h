// Counts that the harts' caches keep between them.
#pragma once

#include "memory/frame.h"

static constexpr unsigned FRAME_STATES = FRAME_MODULE + 1;

struct cache_counts {
    int64_t state[FRAME_STATES]; // frames in use, by state
    uint64_t zeroed;             // in the stocks
};

struct cache_counts frame_caches_count(void);
