// A space becomes a copy of another: whole subtrees are shared, copy-on-write. Where something below
// a table is pinned, the copy gets a table of its own, and nothing in the place of what is pinned.
#include "memory/internal.h"

static status_t table_fork(struct frame *from, struct frame *to, unsigned entries);

static bool pinned(entry_t entry) {
    return (entry_marks(entry) & ENTRY_PINNED) || (entry_present(entry) && (entry & ENTRY_DMA)) ||
           entry_is(entry, ABSENT_LENT) || entry_is(entry, ABSENT_LANDING);
}

// The entry of the copy. It is to be put in its place, or dropped, after a failure too.
static status_t entry_fork(cell_t *cell, entry_t entry, unsigned level, entry_t *copy) {
    *copy = pinned(entry) ? ENTRY_EMPTY : entry;
    if (!entry_present(*copy))
        return entry_is(*copy, ABSENT_PAGER) ? ERR_AWAY : OK;
    struct frame *table = entry_frame(entry);
    if (entry_is_table(entry, level) && (table->pinned != 0 || table->away != 0)) {
        struct frame *own;
        status_t status = table_allocate(level - 1, &own);
        *copy = status == OK ? entry_make(own, entry_marks(entry)) : ENTRY_EMPTY;
        return status == OK ? table_fork(table, own, TABLE_ENTRIES) : status;
    }
    frame_reference(table);
    cell_clear(cell, ENTRY_WRITE);
    *copy &= ~ENTRY_WRITE;
    return OK;
}

// Copies until nothing is left but holes.
static status_t table_fork(struct frame *from, struct frame *to, unsigned entries) {
    struct sums left = {from->sums[0] - SUM_CHARGE, from->sums[1]};
    status_t status = OK;
    for (unsigned i = 0; i < entries && status == OK; i++) {
        if (left.low == 0 && left.high < SUM_PINNED)
            break;
        cell_t *cell = &table_cells(from)[i];
        entry_t entry = entry_at(from, cell), copy;
        left = sums_sub(left, entry_sums(entry, from->level));
        status = entry_fork(cell, entry, from->level, &copy);
        if (copy == ENTRY_EMPTY)
            continue;
        cell_store(&table_cells(to)[i], copy);
        to->present += entry_present(copy);
        table_add(to, sums_sub(entry_sums(copy, from->level), (struct sums){0, SUM_HOLES}));
    }
    return status;
}

static status_t fork_locked(struct space *parent, struct space *child)
    REQUIRES(parent->lock, child->lock) {
    struct frame *root = space_root(child);
    if (root->sums[0] != SUM_CHARGE || root->sums[1] != ROOT_ENTRIES * SUM_HOLES)
        return ERR_OCCUPIED;
    status_t status = table_fork(space_root(parent), root, ROOT_ENTRIES);
    if (status == OK)
        status = account_charge(child->account, root->charge - 1);
    if (status != OK)
        root_clear(root);
    tlb_changed(parent, 0, TABLE_ENTRIES);
    return status;
}

status_t space_fork(struct space *parent, struct space *child) {
    spaces_lock(parent, child);
    status_t status = fork_locked(parent, child);
    spaces_unlock(parent, child);
    tlb_wait();
    return status;
}
