// Windows: prepared slots in which parcels land. A free window is a run of LANDING entries; its
// first one names the window's size and the next free window, so that the free windows of a level
// form a list: those of a run in order, what was prepared or used last in front. A loan in a window
// leaves LANDING what it does not fill, the first such entry TAKEN with the window's size.
#pragma once

#include "memory/internal.h"

struct landing {
    uaddr_t address;
    unsigned window; // entries
    struct path path;
    cell_t *previous; // in the list, nullptr for none
};

// Finds the first window of a level for so many entries; changes nothing.
bool landing_find(const struct space *space, unsigned level, unsigned count,
                  struct landing *landing) REQUIRES(space->lock);

static constexpr entry_t ENTRY_LANDING = // in a window, but not its first entry
    (entry_t)ABSENT_LANDING << ABSENT_KIND_SHIFT | ABSENT_VALUE;

static inline entry_t entry_window(uaddr_t next, unsigned window) {
    return entry_absent_make(ABSENT_LANDING, next >> PAGE_BITS, window);
}

static inline uaddr_t entry_next_window(entry_t entry) { return entry_value(entry) << PAGE_BITS; }

// Takes the window behind `previous` off the list of a level. Its entries are the caller's to
// replace.
[[gnu::always_inline]] static inline void landing_unlink(struct space *space, unsigned level,
                                                         cell_t *previous, uaddr_t next)
    REQUIRES(space->lock) {
    if (previous != nullptr)
        cell_store(previous, entry_window(next, entry_second(cell_load(previous))));
    else
        space->landing_first[level - 1] = next;
}

// Puts a window in front of all others: behind a loan that has gone home its table is in the
// caches. Returns what its first entry was.
[[gnu::always_inline]] static inline entry_t landing_push(struct space *space, unsigned level,
                                                          cell_t *cell, uaddr_t address,
                                                          unsigned window) REQUIRES(space->lock) {
    uaddr_t first = space->landing_first[level - 1];
    space->landing_first[level - 1] = address;
    return cell_exchange(cell, entry_window(first, window));
}
