// The way to an entry when nothing is unusual about it: tables that nobody shares. Written out for
// speed; whoever finds no straight way takes the general one.
//
// The ways found last are kept in the space: most of what is touched lies in the same table as what
// was touched before. They hold until a table leaves its place, is shared, marked or protected:
// whoever takes the lock to do so forgets them (space_lock). Tables that are made, or that were
// shared and get copies, are on no such way.
#pragma once

#include <abi/layout.h>

#include "memory/path.h"

enum way : uint8_t { WAY_OWN, WAY_THERE }; // which of a space's two

// A way has been found anew: it is kept, as far as it goes, if it is straight.
static inline bool way_keep(struct space *space, unsigned which, uaddr_t address)
    REQUIRES(space->lock) {
    space->way_to[which] = address;
    if (space->way[which].all & ENTRY_WRITE)
        return true;
    space->way[which].level = 0;
    return false;
}

// Looks for a way anew.
[[clang::preserve_most]] bool way_look(struct space *space, unsigned which, uaddr_t address,
                                       unsigned level) REQUIRES(space->lock);

// Makes one of the space's two ways lead to an entry; it may go on below. False: there is no
// straight way.
[[gnu::always_inline]] static inline bool way_find(struct space *space, unsigned which,
                                                   uaddr_t address, unsigned level)
    REQUIRES(space->lock) {
    struct path *way = &space->way[which];
    if ((way->level - 1 >= level ||
         (space->way_to[which] ^ address) >> (PAGE_BITS + level * ENTRY_BITS) != 0) &&
        !way_look(space, which, address, level))
        return false;
    way->cells = table_cells(way->table[level - 1]) + address_index(address, level);
    return true;
}

// Takes the lock and finds the way to slots that ask for no more than `known` and are in nobody's
// parcel. False: it is not that simple, and not locked.
[[gnu::always_inline]] static inline bool way_open(struct space *space, parcel_t slots,
                                                   parcel_t known, unsigned level)
    TRY_ACQUIRE(true, space->lock) NO_THREAD_SAFETY_ANALYSIS {
    if (slots & ~(PARCEL_ADDRESS_MASK | known))
        return false;
    spinlock_acquire(&space->lock);
    if (way_find(space, WAY_OWN, parcel_address(slots), level) &&
        !path_pinned(&space->way[WAY_OWN]))
        return true;
    spinlock_release(&space->lock);
    return false;
}

static inline bool address_in_range(uaddr_t address) {
    return address - LAYOUT_LOWEST < LAYOUT_LIMIT - LAYOUT_LOWEST;
}

// Makes a zeroed page of what is no memory yet or was not touched; sums are the caller's.
[[gnu::always_inline]] static inline bool way_page(const struct path *way, entry_t marks) {
    struct frame *frame;
    if (frame_allocate_zeroed(FRAME_PAGE, &frame) != OK)
        return false;
    entry_t write = marks & ENTRY_WRITABLE ? ENTRY_WRITE : 0;
    cell_store(way->cells, frame_address(frame) | ENTRY_PRESENT | ENTRY_USER | marks | write);
    way->table[0]->present++;
    return true;
}
