// Address spaces begin and end. The lower half of a root is the space's own, the upper half is the
// kernel's and the same in all roots.
#include "memory/space.h"

#include "debug/crash.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "memory/internal.h"
#include "memory/path.h"

// Each space counts in a range of its own, so that what a hart noted of one never fits another.
static constexpr uint64_t GENERATION_STEP = 1ull << 40;
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
    root->default_kind = ABSENT_EMPTY;
    root->charge = 1;
    root->holes = ROOT_ENTRIES;
    const entry_t *kernel = physical_to_virtual(paging_kernel_root());
    memcpy((entry_t *)frame_contents(root) + ROOT_ENTRIES, kernel + ROOT_ENTRIES,
           (TABLE_ENTRIES - ROOT_ENTRIES) * sizeof(entry_t));
    *space = (struct space){
        .root = frame_address(root),
        .account = account,
        .generation = __c11_atomic_fetch_add(&generations, GENERATION_STEP, __ATOMIC_RELAXED),
    };
    return OK;
}

// --- the end -------------------------------------------------------------------------------------

// The way to the first present entry that is not a table with something present in it. False if the
// root has none.
static bool path_first(const struct space *space, struct path *path) REQUIRES(space->lock) {
    struct frame *table = frame_number(space->root >> PAGE_BITS);
    *path = (struct path){.level = LEVELS, .all = ~0ull};
    for (;;) {
        path->table[path->level - 1] = table;
        if (table->present == 0)
            return path->level != LEVELS;
        path->cells = table_cells(table);
        while (!entry_present(cell_load(path->cells)))
            path->cells++;
        entry_t entry = cell_load(path->cells);
        if (!entry_is_table(entry, path->level) || path->level == 2 ||
            entry_frame(entry)->present == 0)
            return true;
        path->level--;
        table = entry_frame(entry);
    }
}

// Takes out one entry: a page, or a table that has no tables below.
static void space_free_piece(struct space *space, const struct path *path) REQUIRES(space->lock) {
    entry_t entry = path_replace(path, 0, table_empty(path_table(path)));
    struct sums sums = entry_sums(entry, path->level);
    path_add(path, sums_sub((struct sums){0, SUM_HOLES}, sums));
    entry_drop(entry, path->level);
    account_refund(space->account, sums_charge(sums));
}

bool space_destroy(struct space *space) {
    if (space->root == 0)
        return true;
    struct path path;
    spinlock_acquire(&space->lock);
    bool more = path_first(space, &path);
    if (more)
        space_free_piece(space, &path);
    spinlock_release(&space->lock);
    if (more)
        return false;
    struct frame *root = frame_number(space->root >> PAGE_BITS);
    uint64_t charge = root->charge;
    space->root = 0;
    frame_free(root, 0);
    account_refund(space->account, charge);
    return true;
}

// --- two spaces ----------------------------------------------------------------------------------

void spaces_lock(struct space *a, struct space *b) NO_THREAD_SAFETY_ANALYSIS {
    if (a == b) {
        spinlock_acquire(&a->lock);
        return;
    }
    spinlock_acquire(a < b ? &a->lock : &b->lock);
    spinlock_acquire(a < b ? &b->lock : &a->lock);
}

void spaces_unlock(struct space *a, struct space *b) NO_THREAD_SAFETY_ANALYSIS {
    spinlock_release(&a->lock);
    if (a != b)
        spinlock_release(&b->lock);
}
