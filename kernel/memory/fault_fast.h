// The two touches that matter most, straight through: the first write to ZERO memory, and the write
// to a shared page. What is unusual in any way is left to fault.c, with nothing changed.
#pragma once

#include <abi/layout.h>

#include "memory/straight.h"

// A page that others share gets a copy, unless another thread could see both. Lets go of the lock.
bool fault_fast_shared(struct space *space, uaddr_t address, cell_t *cell, entry_t entry)
    RELEASE(space->lock);

static inline bool fault_fast_zero(const struct straight *way, entry_t entry) {
    static constexpr entry_t plain = ABSENT_KIND | ABSENT_WRITABLE | ABSENT_FLIGHT | ABSENT_BORROWED;
    struct frame *frame;
    if ((entry & plain) != (ENTRY_ZERO | ABSENT_WRITABLE) ||
        frame_allocate_zeroed(FRAME_PAGE, &frame) != OK)
        return false;
    entry_t execute = entry & ABSENT_EXECUTABLE ? 0 : ENTRY_NO_EXECUTE;
    cell_store(way->cell, frame_address(frame) | ENTRY_PRESENT | ENTRY_USER | ENTRY_WRITE |
                              ENTRY_WRITABLE | execute);
    way->table[0]->present++;
    return true;
}

// Resolves a write to ZERO memory or to a shared page, on a private way. Takes the lock; any address.
// False: it is not that simple; nothing has changed.
static inline bool fault_fast_write(struct space *space, uaddr_t address) {
    struct straight way;
    bool done = false;
    if (address >= LAYOUT_LIMIT)
        return false;
    spinlock_acquire(&space->lock);
    if (straight_find(space, address, &way)) {
        entry_t entry = cell_load(way.cell);
        if (entry_present(entry))
            return fault_fast_shared(space, address, way.cell, entry);
        done = fault_fast_zero(&way, entry != 0 ? entry : table_default(way.table[0]));
    }
    spinlock_release(&space->lock);
    return done;
}
