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

static status_t absent_may_leave(entry_t entry) {
    switch (entry_absent(entry)) {
    case ABSENT_LENT:
    case ABSENT_PAGER:
        return ERR_AWAY;
    case ABSENT_LANDING:
        return ERR_EMPTY;
    default:
        return OK;
    }
}

static status_t table_may_leave(const struct frame *table) {
    if (table->away != 0)
        return ERR_AWAY;
    return table->pinned != 0 ? ERR_BUSY : OK;
}

static status_t entry_may_leave(const struct parcel *parcel, entry_t entry, bool marked) {
    status_t status = OK;
    if (!entry_present(entry))
        status = absent_may_leave(entry);
    else if (entry_is_table(entry, parcel->run.level))
        status = table_may_leave(entry_frame(entry));
    if (status != OK)
        return status;
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
        status = entry_may_leave(parcel, entry, marked);
        empty += entry_is(entry, ABSENT_EMPTY);
        sums_accumulate(&parcel->sums, entry_sums(entry, run->level));
    }
    return status == OK && empty == run->count ? ERR_EMPTY : status;
}

// --- leaving -------------------------------------------------------------------------------------

static entry_t entry_lent(entry_t entry, unsigned level) {
    uint64_t value = sums_charge(entry_sums(entry, level));
    if (level == 1)
        value = entry_present(entry) ? number_of_frame(entry_frame(entry)) + 1
                                     : !entry_is(entry, ABSENT_EMPTY);
    return entry_absent_make(ABSENT_LENT, value, 0) |
           marks_in_absent(entry_marks(entry) & ~ENTRY_FLIGHT);
}

// The original of a clone stays, copy-on-write.
static entry_t clone_take(struct parcel *parcel, unsigned index, entry_t entry) {
    cell_t *cell = &parcel->path.cells[index];
    if (entry_present(entry)) {
        parcel->flush |= (entry & ENTRY_WRITE) != 0;
        entry &= ~(ENTRY_WRITE | ENTRY_FLIGHT);
        cell_clear(cell, ENTRY_WRITE | ENTRY_FLIGHT);
        entry_reference(entry);
    } else if (entry_marks(entry) & ENTRY_FLIGHT) {
        entry = entry_with(entry, entry_marks(entry) & ~ENTRY_FLIGHT);
        cell_store(cell, entry);
    }
    sums_accumulate(&parcel->left, entry_sums(entry, parcel->run.level));
    return entry_with(entry, parcel->marks);
}

entry_t parcel_take(struct parcel *parcel, unsigned index) {
    const struct path *path = &parcel->path;
    unsigned level = parcel->run.level;
    entry_t entry = entry_at(path_table(path), &path->cells[index]);
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

static entry_t entry_fly(entry_t entry, bool fly) {
    entry_t marks = entry_marks(entry) & ~ENTRY_FLIGHT;
    return entry_with(entry, fly ? marks | ENTRY_FLIGHT : marks);
}

// Sets or clears the mark of one entry. Translations do not depend on it.
static void cell_fly(const struct path *path, unsigned index, bool fly) {
    cell_t *cell = &path->cells[index];
    entry_t entry = entry_at(path_table(path), cell);
    if (!entry_present(entry))
        cell_store(cell, entry_fly(entry, fly));
    else if (fly)
        cell_set(cell, ENTRY_FLIGHT);
    else
        cell_clear(cell, ENTRY_FLIGHT);
}

static void parcel_fly(struct parcel *parcel, bool fly) {
    const struct path *path = &parcel->path;
    for (unsigned i = 0; i < parcel->run.count; i++) {
        cell_fly(path, i, fly);
        entry_t entry = entry_at(path_table(path), &path->cells[i]);
        sums_accumulate(&parcel->left, entry_sums(entry, parcel->run.level));
    }
    parcel_left(parcel);
}

status_t parcel_mark(struct space *from, parcel_t descriptor) {
    struct parcel parcel;
    status_t status = parcel_decode(descriptor, &parcel);
    if (status != OK)
        return status;
    space_lock(from, parcel.run.level);
    status = parcel_look(from, &parcel, false);
    if (status == OK)
        parcel_fly(&parcel, true);
    spinlock_release(&from->lock);
    return status;
}

void parcel_unmark(struct space *from, parcel_t descriptor) {
    struct parcel parcel;
    status_t status = parcel_decode(descriptor, &parcel);
    assert(status == OK);
    space_lock(from, parcel.run.level);
    status = parcel_look(from, &parcel, true);
    assert(status == OK);
    parcel_fly(&parcel, false);
    spinlock_release(&from->lock);
}
