// The way from a space's root to the table in which slots lie, and runs of slots there.
//
// Sums are kept on this way: whoever changes entries adds the difference to all tables on it.
#pragma once

#include "memory/entry.h"
#include "memory/space.h"

// A decoded descriptor.
struct run {
    uaddr_t address;
    unsigned level, count;
};

// `allowed`: which of mode, rights and PARCEL_HOLES the call knows. ERR_BAD_ARGUMENT: other bits;
// ERR_NO_RIGHT: writable and executable; ERR_BAD_SLOT: misaligned, out of range, across a table.
status_t run_decode(parcel_t slots, parcel_t allowed, struct run *run);

// The same for a place given by its address alone.
status_t run_at(uaddr_t address, const struct run *like, struct run *run);

static constexpr parcel_t PARCEL_RIGHTS = PARCEL_WRITABLE | PARCEL_EXECUTABLE;
static constexpr parcel_t PARCEL_MODES = 7ull << PARCEL_MODE_SHIFT;

// True if tables lead down to the level. Otherwise the path ends at the entry that is none.
bool path_find(const struct space *space, uaddr_t address, unsigned level, struct path *path)
    REQUIRES(space->lock);

// Gives the space tables of its own on a way that has been found, instead of those that it shares:
// afterwards its entries may be changed. No sum, charge or contents change. ERR_NO_FRAME.
status_t path_unshare(struct space *space, uaddr_t address, struct path *path)
    REQUIRES(space->lock);

// The same as path_find, for a change: makes tables of ZERO entries and large pages on the way,
// which changes no sum, and shares none of them. ERR_BAD_SLOT: a table is missing; ERR_AWAY: lent
// or with a pager; ERR_BUSY: prepared for landing, or not zeroed yet; ERR_NO_FRAME.
status_t path_open(struct space *space, uaddr_t address, unsigned level, struct path *path)
    REQUIRES(space->lock);

// The same, making and charging the tables that are missing, for entries with these marks. Nothing
// is made if it fails, and where something was made the slots are empty. ERR_OCCUPIED: there is
// something else; ERR_NO_RIGHT: not with these rights; ERR_BUSY: part of a parcel that is borrowed
// or in flight; ERR_NO_MEMORY; ERR_NO_FRAME.
status_t path_build(struct space *space, uaddr_t address, unsigned level, entry_t marks,
                    struct path *path) REQUIRES(space->lock);

static inline struct frame *path_table(const struct path *path) {
    return path->table[path->level - 1];
}

// Marks that an entry has by itself and by its way: what it would have as a top entry.
static inline entry_t path_marks(const struct path *path, entry_t entry) {
    entry_t marks = entry_marks(entry);
    return ((marks | path->any) & ENTRY_MARKS & ~ENTRY_WRITABLE) |
           (marks & path->all & ENTRY_WRITABLE);
}

// True if the way belongs to a parcel that is borrowed or in flight.
static inline bool path_pinned(const struct path *path) {
    return path->any & (ENTRY_BORROWED | ENTRY_FLIGHT);
}

// True if all `count` slots are empty and not marked.
bool path_is_empty(const struct path *path, unsigned count);

// Replaces an entry of the run by another, counting what is present. Returns the old one.
static inline entry_t path_replace(const struct path *path, unsigned index, entry_t entry) {
    entry_t old = cell_exchange(&path->cells[index], entry);
    path_table(path)->present += (entry & 1) - (old & 1);
    return old;
}

// Adds a difference to the sums of all tables on the way; `level`: the path's.
[[gnu::always_inline]] static inline void
path_add_from(const struct path *path, unsigned level, struct sums sums) {
#pragma unroll
    for (unsigned i = level - 1; i < LEVELS; i++)
        table_add(path->table[i], sums);
}

static inline void path_add(const struct path *path, struct sums sums) {
    path_add_from(path, path->level, sums);
}

static inline struct sums sums_sub(struct sums a, struct sums b) {
    return (struct sums){a.low - b.low, a.high - b.high};
}

static inline void sums_accumulate(struct sums *sums, struct sums more) {
    sums->low += more.low;
    sums->high += more.high;
}

// A table of EMPTY entries, charge 1. ERR_NO_FRAME.
status_t table_allocate(unsigned level, struct frame **table);

// Puts an entry into an EMPTY slot of a table that no way leads to yet.
static inline void table_fill(struct frame *table, unsigned index, entry_t entry) {
    cell_store(&table_cells(table)[index], entry);
    table->present += entry_present(entry);
    table->large |= entry & ENTRY_LARGE;
    table_add(table, sums_sub(entry_sums(entry, table->level), (struct sums){SUM_HOLES, 0}));
}

// Makes a table of a ZERO entry, or of a large page, at the end of a path that is not shared. Sums
// stay. ERR_NO_FRAME; ERR_BUSY: the large page is not zeroed yet.
status_t path_split(struct space *space, uaddr_t address, const struct path *path)
    REQUIRES(space->lock);
