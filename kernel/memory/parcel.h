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

// Takes `entry`, the parcel's index-th, out of its table, as the mode says; returns it as it goes
// on, with `marks`.
entry_t parcel_take(struct parcel *parcel, unsigned index, entry_t entry);

// Brings the sender's sums up to date.
static inline void parcel_left(const struct parcel *parcel) {
    path_add(&parcel->path, sums_sub(parcel->left, parcel->sums));
}

// Moves or copies all entries to the slots at `path`, where they have the parcel's marks, or the
// rights that the originals have. Keeps the sums on both sides; `gone`: of what stood at `path`.
[[gnu::always_inline]] static inline void parcel_put(struct parcel *parcel, const struct path *path,
                                                     struct sums gone, bool same_rights) {
    struct sums sums = {};
    for (unsigned i = 0; i < parcel->run.count; i++) {
        entry_t entry = entry_at(path_table(&parcel->path), &parcel->path.cells[i]);
        if (same_rights)
            parcel->marks =
                path_marks(&parcel->path, entry) & (ENTRY_WRITABLE | ENTRY_NO_EXECUTE);
        entry = parcel_take(parcel, i, entry);
        path_replace(path, i, entry);
        sums_accumulate(&sums, entry_sums(entry, parcel->run.level));
    }
    parcel_left(parcel);
    path_add(path, sums_sub(sums, gone));
}

static inline bool parcel_has_holes(const struct parcel *parcel) {
    return parcel->sums.low >= SUM_HOLES;
}
