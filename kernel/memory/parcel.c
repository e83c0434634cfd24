#include "memory/parcel.h"

#include "debug/crash.h"

// Rights that were not asked for are lost for good, except by a clone, which is the holder's own.
static entry_t marks_of_mode(parcel_t descriptor, enum parcel_mode mode) {
    entry_t marks = marks_of_rights(descriptor);
    if (mode != PARCEL_CLONE && !(marks & ENTRY_WRITABLE))
        marks |= ENTRY_READ_ONLY;
    return mode == PARCEL_LEND ? marks | ENTRY_BORROWED : marks;
}

status_t parcel_decode(parcel_t descriptor, struct parcel *parcel) {
    enum parcel_mode mode = parcel_mode(descriptor);
    status_t status = run_decode(descriptor, PARCEL_RIGHTS | PARCEL_MODES, &parcel->run);
    if (status != OK)
        return status;
    if (mode == PARCEL_NONE || mode > PARCEL_CLONE)
        return ERR_BAD_ARGUMENT;
    parcel->mode = mode;
    parcel->marks = marks_of_mode(descriptor, mode);
    parcel->sums = parcel->left = (struct sums){};
    parcel->flush = false;
    return OK;
}

// --- may it leave? -------------------------------------------------------------------------------

static status_t entry_may_leave(const struct parcel *parcel, entry_t entry, struct sums sums,
                                bool marked) {
    if (sums.high != 0) { // of most entries it is 0
        if (entry_is(entry, ABSENT_LANDING))
            return ERR_EMPTY;
        if (sums_away(sums) != 0)
            return ERR_AWAY;
        if (entry_is_table(entry, parcel->run.level) && entry_frame(entry)->pinned != 0)
            return ERR_BUSY;
    }
    entry_t marks = path_marks(&parcel->path, entry);
    bool in_flight = marks & ENTRY_FLIGHT;
    bool fixed = (marks & ENTRY_BORROWED) || (entry & ENTRY_DMA);
    if (in_flight != marked || (fixed && parcel->mode != PARCEL_LEND))
        return ERR_BUSY;
    bool read_only = (marks & ENTRY_READ_ONLY) && parcel->mode != PARCEL_CLONE;
    return read_only && (parcel->marks & ENTRY_WRITABLE) ? ERR_NO_RIGHT : OK;
}

status_t parcel_look(struct space *space, struct parcel *parcel, bool marked) {
    const struct run *run = &parcel->run;
    status_t status = path_open(space, run->address, run->level, &parcel->path);
    unsigned empty = 0;
    for (unsigned i = 0; i < run->count && status == OK; i++) {
        entry_t entry = entry_at(path_table(&parcel->path), &parcel->path.cells[i]);
        struct sums sums = entry_sums(entry, run->level);
        status = entry_may_leave(parcel, entry, sums, marked);
        empty += entry_is(entry, ABSENT_EMPTY);
        sums_accumulate(&parcel->sums, sums);
    }
    return status == OK && empty == run->count ? ERR_EMPTY : status;
}

// --- leaving -------------------------------------------------------------------------------------

static entry_t entry_lent(entry_t entry, unsigned level) {
    entry_t marks = entry_marks(entry) & ~ENTRY_FLIGHT;
    uint64_t value = 1;
    if (entry_is(entry, ABSENT_EMPTY)) {
        marks |= ENTRY_NO_EXECUTE;
        value = 0;
    }
    if (level > 1)
        value = sums_charge(entry_sums(entry, level));
    else if (entry_present(entry))
        value = number_of_frame(entry_frame(entry)) + 1;
    return entry_absent_make(ABSENT_LENT, value, 0) | marks;
}

// The original of a clone stays, copy-on-write.
static entry_t clone_take(struct parcel *parcel, unsigned index, entry_t entry) {
    cell_t *cell = &parcel->path.cells[index];
    parcel->flush |= (entry & ENTRY_WRITE) != 0;
    cell_clear(cell, ENTRY_WRITE | ENTRY_FLIGHT);
    entry &= ~(ENTRY_WRITE | ENTRY_FLIGHT);
    if (entry_present(entry))
        entry_reference(entry);
    sums_accumulate(&parcel->left, entry_sums(entry, parcel->run.level));
    return entry_with(entry, parcel->marks);
}

// Takes `entry`, the parcel's index-th, out of its table, as the mode says; returns it as it goes
// on, with `marks`.
static entry_t parcel_take(struct parcel *parcel, unsigned index, entry_t entry) {
    const struct path *path = &parcel->path;
    unsigned level = parcel->run.level;
    if (parcel->mode == PARCEL_CLONE)
        return clone_take(parcel, index, entry);
    entry_t rest = parcel->mode == PARCEL_LEND ? entry_lent(entry, level)
                                               : table_empty(path_table(path));
    entry_t taken = path_replace(path, index, rest);
    if (entry_present(taken)) {
        entry = taken; // with the dirty bit that it has now
        parcel->flush = true;
    }
    sums_accumulate(&parcel->left, parcel->mode == PARCEL_LEND ? entry_sums(rest, level)
                                                               : (struct sums){SUM_HOLES, 0});
    return entry_with(entry, parcel->marks);
}

// --- marks of a message that waits ---------------------------------------------------------------

// Sets or clears the mark of one entry. Translations do not depend on it.
static void cell_fly(const struct path *path, unsigned index, bool fly) {
    cell_t *cell = &path->cells[index];
    if (cell_load(cell) == 0)
        cell_store(cell, path_table(path)->default_entry);
    if (fly)
        cell_set(cell, ENTRY_FLIGHT);
    else
        cell_clear(cell, ENTRY_FLIGHT);
}

static status_t parcel_fly(struct space *from, parcel_t descriptor, bool fly) {
    struct parcel parcel;
    status_t status = parcel_decode(descriptor, &parcel);
    if (status != OK)
        return status;
    space_lock(from, parcel.run.level);
    status = parcel_look(from, &parcel, !fly);
    for (unsigned i = 0; status == OK && i < parcel.run.count; i++) {
        cell_fly(&parcel.path, i, fly);
        entry_t entry = entry_at(path_table(&parcel.path), &parcel.path.cells[i]);
        sums_accumulate(&parcel.left, entry_sums(entry, parcel.run.level));
    }
    if (status == OK)
        path_add(&parcel.path, sums_sub(parcel.left, parcel.sums));
    spinlock_release(&from->lock);
    return status;
}

status_t parcel_mark(struct space *from, parcel_t parcel) { return parcel_fly(from, parcel, true); }

void parcel_unmark(struct space *from, parcel_t parcel) {
    status_t status = parcel_fly(from, parcel, false);
    assert(status == OK);
}

void parcel_put(struct parcel *parcel, const struct path *path, struct sums gone,
                bool same_rights) {
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
    path_table(path)->large |= path_table(&parcel->path)->large;
    path_add(&parcel->path, sums_sub(parcel->left, parcel->sums));
    path_add(path, sums_sub(sums, gone));
}
