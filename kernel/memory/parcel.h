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

// Moves or copies all entries to the slots at `path`, where they have the parcel's marks, or the
// rights that the originals have. Keeps the sums on both sides; `gone`: of what stood at `path`.
void parcel_put(struct parcel *parcel, const struct path *path, struct sums gone, bool same_rights);

// Charges the receiver and makes the way to empty slots, for entries with the parcel's marks.
// ERR_OCCUPIED, and errors of path_build.
status_t destination_open(struct space *to, const struct parcel *parcel, const struct run *run,
                          uint64_t charge, struct path *path) REQUIRES(to->lock);

static inline bool parcel_has_holes(const struct parcel *parcel) {
    return parcel->sums.low >= SUM_HOLES;
}
