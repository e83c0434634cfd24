// The touches that matter most, straight through: the first write to ZERO memory, the write to a
// shared page, and what a pager is asked for. What is unusual in any way is left to fault.c, with
// nothing changed.
#pragma once

#include "memory/straight.h"

// A page that others share gets a copy, unless another thread could see both. Lets go of the lock.
bool fault_fast_shared(struct space *space, uaddr_t address, cell_t *cell, entry_t entry)
    RELEASE(space->lock);

static inline bool fault_fast_zero(const struct path *way, entry_t entry) {
    static constexpr entry_t plain = ABSENT_KIND | ENTRY_WRITABLE | ENTRY_FLIGHT | ENTRY_BORROWED;
    return (entry & plain) == (ENTRY_ZERO | ENTRY_WRITABLE) && way_page(way, entry_marks(entry));
}

static inline enum fault_outcome absent_outcome(entry_t entry, uint64_t *cookie) {
    *cookie = entry_value(entry);
    return entry_is(entry, ABSENT_PAGER)  ? FAULT_PAGER
           : entry_is(entry, ABSENT_LENT) ? FAULT_LENT
                                          : FAULT_EMPTY;
}

// Resolves a write to ZERO memory or to a shared page, on a private way. Takes the lock; any
// address. False: it is not that simple, nothing has changed; but `outcome` may be known.
static inline bool fault_fast(struct space *space, uaddr_t address, bool write,
                              enum fault_outcome *outcome, uint64_t *cookie) {
    const struct path *way = &space->way[WAY_OWN];
    bool done = false;
    *outcome = FAULT_UNUSUAL;
    if (address >= LAYOUT_LIMIT)
        return false;
    spinlock_acquire(&space->lock);
    if (way_find(space, WAY_OWN, address, 1)) {
        entry_t entry = entry_at(way->table[0], way->cells);
        if (write && entry_present(entry))
            return fault_fast_shared(space, address, way->cells, entry);
        done = write && fault_fast_zero(way, entry);
        if (!done && !entry_present(entry) && !entry_is(entry, ABSENT_ZERO))
            *outcome = absent_outcome(entry, cookie);
    }
    spinlock_release(&space->lock);
    return done;
}
