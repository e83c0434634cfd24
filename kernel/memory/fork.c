// A space becomes a copy of another: whole subtrees are shared, copy-on-write. Where something
// below a table is pinned, the copy gets a table of its own, and nothing in the place of what is
// pinned; no table if that was all.
#include "memory/internal.h"

static status_t table_fork(struct frame *from, unsigned entries, struct frame **to);

// Windows and what is borrowed charge nothing, so a table of nothing else need not be looked at.
static bool lands_only(const struct frame *table) {
    return table->level == 1 && table->charge == 1 && table->away == 0;
}

// The entry of the copy. It is to be put in its place, or dropped, after a failure too. `busy`:
// what the entry adds to what is away and pinned.
static status_t entry_fork(cell_t *cell, entry_t entry, uint64_t busy, entry_t *copy) {
    *copy = ENTRY_EMPTY;
    if (!entry_present(entry)) {
        *copy = busy < SUM_PINNED ? entry : ENTRY_EMPTY;
        return busy == SUM_AWAY ? ERR_AWAY : OK;
    }
    if (entry & ENTRY_PINNED)
        return OK;
    if (busy != 0) {
        struct frame *table = entry_frame(entry), *own = nullptr;
        status_t status = lands_only(table) ? OK : table_fork(table, TABLE_ENTRIES, &own);
        if (own != nullptr)
            *copy = entry_make(own, entry_marks(entry));
        return status;
    }
    entry_reference(entry);
    cell_clear(cell, ENTRY_WRITE);
    *copy = entry & ~ENTRY_WRITE;
    return OK;
}

static status_t copy_put(entry_t copy, unsigned index, unsigned level, struct frame **to) {
    status_t status = *to == nullptr ? table_allocate(level, to) : OK;
    if (status != OK) {
        entry_drop(copy, level);
        return status;
    }
    table_fill(*to, index, copy);
    return OK;
}

// Copies until nothing is left but holes. Makes the table when there is something to put in it.
static status_t table_fork(struct frame *from, unsigned entries, struct frame **to) {
    uint64_t charge = from->charge - SUM_CHARGE, busy = from->sums[1];
    cell_t *cells = table_cells(from);
    entry_t empty = table_empty(from), copy;
    status_t status = OK;
    for (unsigned i = 0; i < entries; i++) {
        if (cell_load(&cells[i]) == empty)
            continue;
        entry_t entry = entry_at(from, &cells[i]);
        struct sums sums = entry_sums(entry, from->level);
        charge -= sums_charge(sums);
        busy -= sums.high;
        status = entry_fork(&cells[i], entry, sums.high, &copy);
        if (copy != ENTRY_EMPTY) {
            status_t put = copy_put(copy, i, from->level, to);
            status = status == OK ? put : status;
        }
        if (status != OK || (charge | busy) == 0)
            break;
    }
    return status;
}

static status_t fork_locked(struct space *parent, struct space *child)
    REQUIRES(parent->lock, child->lock) {
    struct frame *root = space_root(child);
    if (root->sums[0] != ROOT_EMPTY || root->sums[1] != 0)
        return ERR_OCCUPIED;
    status_t status = table_fork(space_root(parent), ROOT_ENTRIES, &root);
    if (status == OK)
        status = account_charge(child->account, root->charge - 1);
    if (status != OK)
        root_clear(root);
    tlb_changed(parent, 0, TABLE_ENTRIES);
    return status;
}

status_t space_fork(struct space *parent, struct space *child) {
    spaces_lock(parent, child, LEVELS);
    status_t status = fork_locked(parent, child);
    spinlocks_release(&parent->lock, &child->lock);
    tlb_wait();
    return status;
}
