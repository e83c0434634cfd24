// Quiet points: an object that others may still be looking at without a lock is freed only after
// every hart has left the kernel, or is idle. Readers pay nothing.
#pragma once

#include "hart/hart.h"

struct quiet {
    struct quiet *next;
    uint64_t stamp;
    void (*passed)(struct quiet *quiet);
};

// Calls `passed` once every hart has passed a quiet point from now on.
void quiet_defer(struct quiet *quiet, void (*passed)(struct quiet *quiet));

// A stamp for now, and whether every hart has passed a quiet point since it was given.
uint64_t quiet_stamp(void);
bool quiet_passed(uint64_t stamp);

// The same for the low half of a stamp that is not older than 2^32 others.
bool quiet_passed_recently(uint32_t stamp_low);

// Asks harts that have passed none since a stamp (UINT64_MAX: all that are not idle) to come by:
// taking the interrupt is one.
void quiet_hurry(uint64_t stamp);

// Deferrals so far.
extern _Atomic uint64_t quiet_now;

// This hart is at a quiet point: it holds no look-up result.
static inline void quiet_point(void) {
    uint64_t seen = __c11_atomic_load(&quiet_now, __ATOMIC_ACQUIRE);
    struct hart *hart = hart_self();
    if (__c11_atomic_load(&hart->quiet, __ATOMIC_RELAXED) != seen)
        __c11_atomic_store(&hart->quiet, seen, __ATOMIC_RELEASE);
}
