// What the files of memory/ share beside paths.
#pragma once

#include "memory/path.h"
#include "memory/tlb.h"

static constexpr unsigned ROOT_ENTRIES = TABLE_ENTRIES / 2; // of a root: the space's own
static constexpr uint64_t ROOT_EMPTY = SUM_CHARGE + ROOT_ENTRIES * SUM_HOLES;

static inline struct frame *space_root(const struct space *space) {
    return frame_number(space->root >> PAGE_BITS);
}

// Lets go of everything in a space, whose harts have no translation of it.
void root_clear(struct frame *root);

// Locks two spaces, which may be one, in the lock order, for changes of entries of a level.
void spaces_lock(struct space *a, struct space *b, unsigned level) ACQUIRE(a->lock, b->lock);
void spaces_unlock(struct space *a, struct space *b) RELEASE(a->lock, b->lock);

// Entries that have left a table, to be let go when no translation is left; from the end on those with
// cookies. Large: a page of stack.
struct removed {
    unsigned count, level, cookies;
    entry_t entries[TABLE_ENTRIES];
};

static inline void removed_add(struct removed *removed, entry_t entry) {
    if (entry_present(entry))
        removed->entries[removed->count++] = entry;
    else if (entry_is(entry, ABSENT_PAGER))
        removed->entries[TABLE_ENTRIES - ++removed->cookies] = entry;
}

static inline void removed_drop(const struct removed *removed) {
    for (unsigned i = 0; i < removed->count; i++)
        entry_drop(removed->entries[i], removed->level);
}

// Resolves a touch; the path ends at the page's entry, or a large page's, if the outcome is
// FAULT_RESOLVED.
enum fault_outcome fault_resolve_locked(struct space *space, uaddr_t address, uint8_t access,
                                        uint64_t *cookie, struct path *path)
    REQUIRES(space->lock);
