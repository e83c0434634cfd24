#include <abi/layout.h>

#include "memory/internal.h"

// What is lent on is LENT, not BORROWED: its contents are elsewhere.
static enum slot_state state_of(const struct path *path, entry_t entry) {
    static const enum slot_state states[] = {
        [ABSENT_EMPTY] = SLOT_EMPTY, [ABSENT_ZERO] = SLOT_ZERO,       [ABSENT_LENT] = SLOT_LENT,
        [ABSENT_PAGER] = SLOT_PAGER, [ABSENT_LANDING] = SLOT_LANDING,
    };
    bool present = entry_present(entry);
    if ((present || entry_absent(entry) < ABSENT_LENT) &&
        (path_marks(path, entry) & ENTRY_BORROWED))
        return SLOT_BORROWED;
    if (!present)
        return states[entry_absent(entry)];
    return entry_is_table(entry, path->level) ? SLOT_TABLE : SLOT_PAGE;
}

status_t parcel_query(struct space *space, uaddr_t address, uint64_t *description,
                      uint64_t *charge) {
    if (address >= LAYOUT_LIMIT)
        return ERR_BAD_SLOT;
    struct path path;
    spinlock_acquire(&space->lock);
    path_find(space, address, 1, &path);
    entry_t entry = entry_at(path_table(&path), path.cells);
    enum slot_state state = state_of(&path, entry);
    bool none = entry_is(entry, ABSENT_EMPTY) || entry_is(entry, ABSENT_LANDING);
    uint64_t rights = none ? 0 : rights_of_marks(path_marks(&path, entry));
    *description = parcel_make(address & ~(level_size(path.level) - 1), path.level, 1, PARCEL_NONE,
                               rights | (uint64_t)state << 56);
    *charge = sums_charge(entry_sums(entry, path.level));
    spinlock_release(&space->lock);
    return OK;
}
