// Pages that a pager takes out of a process's memory, one by one: like a clock's hand it passes all
// of them, and takes what was not touched since it last came by.
//
// Only what nobody else sees can go: the page and every table on the way have one reference, and
// nothing is pinned. What is executable stays: most of it is shared, and a page cannot come back
// with all rights at once. So do large pages, which somebody asked for as one piece; those that
// were split are pages. The place keeps its rights and its charge, so no account changes but that
// of whoever holds the page now.
#include <abi/layout.h>

#include "memory/parcel.h"

static bool page_can_go(const struct path *path, entry_t entry) {
    bool can = entry_present(entry) && !(entry & ENTRY_PINNED) && !path_pinned(path) &&
               ((path->any | entry) & ENTRY_NO_EXECUTE) && entry_is_sole(entry);
    for (unsigned level = 1; level < LEVELS; level++) // a root has a reference of its space's too
        can = can && __c11_atomic_load(&path->table[level - 1]->references, __ATOMIC_ACQUIRE) == 1;
    return can;
}

// Finds the next page that can go; `next` is behind it then, or where to go on. Harts drop their
// translations when they next enter the space: till then a page in use may look untouched.
static bool page_find(struct space *space, uaddr_t *next, struct path *path)
    REQUIRES(space->lock) {
    static constexpr unsigned LOOKS = TABLE_ENTRIES; // at a page, or past what is no table
    tlb_lender_stale(space);
    for (unsigned i = 0; i < LOOKS && *next < LAYOUT_LIMIT; i++) {
        bool found = path_find(space, *next, 1, path);
        *next = (*next | (level_size(path->level) - 1)) + 1;
        if (!found || !page_can_go(path, cell_load(path->cells)))
            continue;
        if (!(cell_load(path->cells) & ENTRY_ACCESSED))
            return true;
        cell_clear(path->cells, ENTRY_ACCESSED);
    }
    return false;
}

static status_t evict_locked(struct space *from, uaddr_t *next, entry_t left, struct space *to,
                             const struct run *run, uaddr_t *taken)
    REQUIRES(from->lock, to->lock) {
    static const struct parcel parcel = {.marks = ENTRY_WRITABLE | ENTRY_NO_EXECUTE};
    struct path path, own;
    if (!page_find(from, next, &path))
        return OK;
    status_t status = destination_open(to, &parcel, run, 1, &own);
    if (status != OK)
        return status;
    *taken = *next - PAGE_SIZE;
    entry_t page = path_replace(&path, 0, left | entry_marks(*path.cells));
    path_add(&path, (struct sums){0, SUM_AWAY});
    tlb_changed(from, *taken, 1);
    path_replace(&own, 0, entry_make(entry_frame(page), parcel.marks));
    path_add(&own, (struct sums){SUM_CHARGE - SUM_HOLES, 0});
    return OK;
}

status_t memory_evict(struct space *from, uaddr_t address, uint64_t cookie, struct space *to,
                      uaddr_t destination, uaddr_t *next, uaddr_t *taken) {
    struct run run;
    status_t status = run_at(destination, &(struct run){.level = 1, .count = 1}, &run);
    if (status == OK && (address % PAGE_SIZE != 0 || cookie >> MEMORY_COOKIE_BITS != 0))
        status = ERR_BAD_ARGUMENT;
    if (status != OK)
        return status;
    *next = address;
    *taken = 0;
    spaces_lock(from, to, 1);
    status = evict_locked(from, next, entry_absent_make(ABSENT_PAGER, cookie, 0), to, &run, taken);
    spinlocks_release(&from->lock, &to->lock);
    tlb_wait();
    return status;
}
