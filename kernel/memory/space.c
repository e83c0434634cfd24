// Address spaces begin and end. The lower half of a root is the space's own, the upper half is the
// kernel's and the same in all roots.
#include "memory/space.h"

#include "hal/paging.h"
#include "hal/string.h"
#include "memory/internal.h"

static constexpr unsigned TABLES_AT_ONCE = 3; // at its end: 1,536 pages
static _Atomic uint64_t generations = GENERATION_STEP;

status_t space_create(struct space *space, struct account *account) {
    status_t status = account_charge(account, 1);
    if (status != OK)
        return status;
    struct frame *root;
    status = frame_allocate_zeroed(FRAME_TABLE, &root);
    if (status != OK) {
        account_refund(account, 1);
        return status;
    }
    frame_use(root, FRAME_TABLE, LEVELS);
    root->default_entry = ENTRY_EMPTY;
    root->sums[0] = ROOT_EMPTY;
    const entry_t *kernel = physical_to_virtual(paging_kernel_root());
    memcpy((entry_t *)frame_contents(root) + ROOT_ENTRIES, kernel + ROOT_ENTRIES,
           (TABLE_ENTRIES - ROOT_ENTRIES) * sizeof(entry_t));
    space->root = frame_address(root);
    space->account = account;
    space->generation = __c11_atomic_fetch_add(&generations, GENERATION_STEP, __ATOMIC_RELAXED);
    return OK;
}

// --- the end -------------------------------------------------------------------------------------

void root_clear(struct frame *root) {
    table_drop(root, TABLE_ENTRIES);
    for (unsigned i = 0; i < ROOT_ENTRIES; i++)
        cell_store(&table_cells(root)[i], 0);
    root->sums[0] = ROOT_EMPTY;
    root->sums[1] = 0;
}

static void space_end(struct space *space) {
    spinlock_acquire(&space->lock);
    struct frame *root = space_root(space);
    account_refund(space->account, root->charge);
    table_drop(root, TABLE_ENTRIES);
    frame_free(root, 0);
    space->root = 0;
    spinlock_release(&space->lock);
}

bool space_destroy(struct space *space) {
    if (space->root != 0)
        space_end(space);
    for (unsigned i = 0; i < TABLES_AT_ONCE; i++)
        if (!tables_free_one())
            return true;
    return false;
}

// --- two spaces ----------------------------------------------------------------------------------

void spaces_lock(struct space *a, struct space *b, unsigned level) {
    spinlocks_acquire(&a->lock, &b->lock);
    ways_cut(a, level);
    ways_cut(b, level);
}
