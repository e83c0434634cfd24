// Rights of memory that one has. A new right must be one that the memory came with and that the
// tables on the way allow; what is pinned keeps its rights.
#include "memory/internal.h"

static constexpr entry_t RIGHTS = ENTRY_WRITABLE | ENTRY_NO_EXECUTE;

static status_t entry_protectable(const struct path *path, entry_t entry, entry_t rights) {
    if (entry_is(entry, ABSENT_EMPTY) && !(entry & ENTRY_PINNED))
        return ERR_EMPTY;
    if (sums_charge(entry_sums(entry, path->level)) == 0 ||
        entry_is_pinned(entry, path->level))
        return ERR_BUSY;
    return (rights & ENTRY_WRITABLE) && (path_marks(path, entry) & ENTRY_READ_ONLY) ? ERR_NO_RIGHT
                                                                                   : OK;
}

static status_t run_protectable(struct space *space, const struct run *run, entry_t rights,
                                struct path *path) REQUIRES(space->lock) {
    status_t status = path_open(space, run->address, run->level, path);
    if (status != OK)
        return status == ERR_AWAY ? ERR_BUSY : status;
    if (path_pinned(path))
        return ERR_BUSY;
    for (unsigned i = 0; i < run->count && status == OK; i++)
        status = entry_protectable(path, entry_at(path_table(path), &path->cells[i]), rights);
    if (status == OK && ((rights & ENTRY_WRITABLE & ~path->all) ||
                         (~rights & ENTRY_NO_EXECUTE & path->any)))
        status = ERR_NO_RIGHT;
    return status;
}

// True if a translation may now allow too much.
static bool cell_protect(const struct frame *table, cell_t *cell, entry_t rights) {
    entry_t old = cell_load(cell), entry;
    do {
        entry_t explicit = old != 0 ? old : table->default_entry;
        entry = entry_with(explicit, (entry_marks(explicit) & ~RIGHTS) | rights);
    } while (!__c11_atomic_compare_exchange_weak(cell, &old, entry, __ATOMIC_ACQ_REL,
                                                 __ATOMIC_RELAXED));
    entry_t lost = (old & ~entry & ENTRY_WRITE) | (~old & entry & ENTRY_NO_EXECUTE);
    return entry_present(old) && lost != 0;
}

status_t memory_protect(struct space *space, parcel_t slots) {
    struct run run;
    struct path path;
    status_t status = run_decode(slots, PARCEL_RIGHTS, &run);
    if (status != OK)
        return status;
    entry_t rights = marks_of_rights(slots);
    bool reduced = false;
    space_lock(space, run.level);
    status = run_protectable(space, &run, rights, &path);
    for (unsigned i = 0; i < run.count && status == OK; i++)
        reduced |= cell_protect(path_table(&path), &path.cells[i], rights);
    if (reduced)
        tlb_changed(space, run.address, run.level == 1 ? run.count : TABLE_ENTRIES);
    spinlock_release(&space->lock);
    tlb_wait();
    return status;
}
