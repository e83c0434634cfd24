// The way to a page when nothing is unusual about it: four tables that nobody shares. Written out for
// speed; path.h has the general way, and whoever finds no straight one takes that.
#pragma once

#include "memory/entry.h"
#include "memory/space.h"

struct straight {
    cell_t *cell;                // of the page's entry
    struct frame *table[LEVELS]; // its own table and those above, [level - 1]
    entry_t any;                 // OR of the entries on the way
};

// Follows the way through tables that are all private and writable. False: there is no such way.
static inline bool straight_find(const struct space *space, uaddr_t address,
                                 struct straight *way) REQUIRES(space->lock) {
    paddr_t table = space->root;
    way->table[LEVELS - 1] = frame_number(table >> PAGE_BITS);
    way->any = 0;
#pragma unroll
    for (unsigned level = LEVELS; level > 1; level--) {
        const cell_t *cells = physical_to_virtual(table);
        entry_t entry = cell_load(&cells[address_index(address, level)]);
        static constexpr entry_t wanted = ENTRY_PRESENT | ENTRY_WRITE;
        if ((entry & (wanted | ENTRY_LARGE)) != wanted)
            return false;
        way->any |= entry;
        table = entry & ENTRY_ADDRESS;
        way->table[level - 2] = frame_number(table >> PAGE_BITS);
    }
    way->cell = (cell_t *)physical_to_virtual(table) + address_index(address, 1);
    return true;
}
