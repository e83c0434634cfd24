// Parcels on their way: what may leave a space, and how its entries leave.
#pragma once

#include "memory/internal.h"

struct parcel {
    struct run run;
    enum parcel_mode mode;
    entry_t marks;    // what its entries get where they go
    struct path path; // where they are
    struct sums sums; // what they add there
    struct sums left; // what those that take their place add
    bool flush;       // translations of the sender are to be dropped
};

// Reads a descriptor with a mode. ERR_BAD_ARGUMENT, ERR_NO_RIGHT, ERR_BAD_SLOT.
status_t parcel_decode(parcel_t descriptor, struct parcel *parcel);

// Checks that the parcel may leave; sets path and sums. Errors of parcel_mark.
status_t parcel_look(struct space *space, struct parcel *parcel, bool marked)
    REQUIRES(space->lock);

// Takes entry `index` out of its table, as the mode says; returns it as it goes on, with `marks`.
entry_t parcel_take(struct parcel *parcel, unsigned index);

// After all were taken: brings the sender's sums up to date.
static inline void parcel_left(const struct parcel *parcel) {
    path_add(&parcel->path, sums_sub(parcel->left, parcel->sums));
}

static inline bool parcel_has_holes(const struct parcel *parcel) {
    return parcel->sums.low >= SUM_HOLES;
}
