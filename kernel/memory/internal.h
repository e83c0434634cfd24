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

// Resolves a touch; the path ends at the page's entry, or a large page's, if the outcome is
// FAULT_RESOLVED.
enum fault_outcome fault_resolve_locked(struct space *space, uaddr_t address, uint8_t access,
                                        uint64_t *cookie, struct path *path)
    REQUIRES(space->lock);
