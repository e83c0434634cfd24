// The two touches that matter most, straight through: the first write to ZERO memory, and the write
// to a shared page. What is unusual in any way is left to fault.c, with nothing changed.
#pragma once

#include "memory/straight.h"

// A page that others share gets a copy, unless another thread could see both. Lets go of the lock.
bool fault_fast_shared(struct space *space, uaddr_t address, cell_t *cell, entry_t entry)
    RELEASE(space->lock);

static inline bool fault_fast_zero(const struct path *way, entry_t entry) {
    static constexpr entry_t plain = ABSENT_KIND | ENTRY_WRITABLE | ENTRY_FLIGHT | ENTRY_BORROWED;
    return (entry & plain) == (ENTRY_ZERO | ENTRY_WRITABLE) && way_page(way, entry_marks(entry));
}

// Resolves a write to ZERO memory or to a shared page, on a private way. Takes the lock; any
// address. False: it is not that simple; nothing has changed.
static inline bool fault_fast_write(struct space *space, uaddr_t address) {
    const struct path *way = &space->way[WAY_OWN];
    bool done = false;
    if (address >= LAYOUT_LIMIT)
        return false;
    spinlock_acquire(&space->lock);
    if (way_find(space, WAY_OWN, address, 1)) {
        entry_t entry = entry_at(way->table[0], way->cells);
        if (entry_present(entry))
            return fault_fast_shared(space, address, way->cells, entry);
        done = fault_fast_zero(way, entry);
    }
    spinlock_release(&space->lock);
    return done;
}
