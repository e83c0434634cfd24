// Memory ends by its holder's wish.
//
// What is freed is unlinked and refunded at once, whatever its size. Of its tables the call frees a
// few pages; the others are left to later calls, idle harts, and allocations that find nothing
// else.
#include "memory/internal.h"
#include "memory/straight.h"

static constexpr unsigned PAGES_AT_ONCE = TABLE_ENTRIES / 2; // then none of tables that wait

// Entries that have left a table, to be let go when no translation is left; from the end on those
// with cookies. Large: half a page of stack.
struct removed {
    unsigned count, cookies;
    entry_t entries[PARCEL_ENTRIES];
};

static status_t run_freeable(struct space *space, const struct run *run, struct path *path)
    REQUIRES(space->lock) {
    status_t status = path_open(space, run->address, run->level, path);
    if (status != OK)
        return status == ERR_AWAY ? ERR_BUSY : status;
    if (path_pinned(path))
        return ERR_BUSY;
    for (unsigned i = 0; i < run->count && status == OK; i++) {
        entry_t entry = entry_at(path_table(path), &path->cells[i]);
        if (entry_is_pinned(entry, run->level))
            status = ERR_BUSY;
        else if (entry_is_table(entry, run->level) && entry_frame(entry)->away != 0)
            status = ERR_AWAY;
    }
    return status;
}

// Unlinks all entries; returns the frames that they charged.
static uint64_t run_unlink(const struct path *path, unsigned count, struct removed *removed) {
    struct sums sums = {};
    for (unsigned i = 0; i < count; i++) {
        entry_t entry = path_replace(path, i, table_empty(path_table(path)));
        sums_accumulate(&sums, entry_sums(entry != 0 ? entry : path_table(path)->default_entry,
                                          path->level));
        if (entry_present(entry))
            removed->entries[removed->count++] = entry;
        else if (entry_is(entry, ABSENT_PAGER))
            removed->entries[PARCEL_ENTRIES - ++removed->cookies] = entry;
    }
    path_add(path, sums_sub((struct sums){count * SUM_HOLES, 0}, sums));
    return sums_charge(sums);
}

// --- cookies -------------------------------------------------------------------------------------

status_t space_pager_set(struct space *space, struct space *pager, parcel_t unseen) {
    struct run run = {};
    status_t status = unseen != 0 ? run_decode(unseen, 0, &run) : OK;
    if (status != OK || run.level > 1)
        return status != OK ? status : ERR_BAD_SLOT;
    space->pager = pager;
    space->unseen = run.address;
    space->unseen_bits = run.count * PAGE_SIZE * 8;
    return OK;
}

static void cookie_mark_locked(const struct space *space, struct space *pager, uint64_t cookie)
    REQUIRES(pager->lock) {
    static constexpr unsigned BITS = PAGE_SIZE * 8; // of a page
    if (cookie >= space->unseen_bits)
        return;
    _Atomic(uint64_t) *words =
        space_page_locked(pager, space->unseen + cookie / BITS * PAGE_SIZE, true);
    if (words != nullptr)
        __c11_atomic_fetch_or(&words[cookie % BITS / 64], 1ull << cookie % 64, __ATOMIC_RELEASE);
}

static void cookies_mark(const struct space *space, const struct removed *removed) {
    struct space *pager = space->pager;
    if (pager == nullptr)
        return;
    spinlock_acquire(&pager->lock);
    for (unsigned i = 1; i <= removed->cookies && pager->root != 0; i++)
        cookie_mark_locked(space, pager, entry_value(removed->entries[PARCEL_ENTRIES - i]));
    spinlock_release(&pager->lock);
    tlb_wait();
}

// --- the call ------------------------------------------------------------------------------------

// One page that is present, straight through.
static bool page_free(struct space *space, parcel_t slots) {
    const struct path *way = &space->way[WAY_OWN];
    if (!way_open(space, slots, PARCEL_RIGHTS | PARCEL_HOLES, 1))
        return false;
    entry_t entry = cell_load(way->cells);
    bool done = (entry & (ENTRY_PRESENT | ENTRY_PINNED)) == ENTRY_PRESENT;
    if (done) {
        entry = cell_exchange(way->cells, table_empty(way->table[0]));
        way->table[0]->present--;
        path_add_from(way, 1, (struct sums){SUM_HOLES - SUM_CHARGE, 0});
        tlb_changed(space, parcel_address(slots), 1);
    }
    spinlock_release(&space->lock);
    if (!done)
        return false;
    tlb_wait();
    frame_release(entry_frame(entry));
    account_refund(space->account, 1);
    return true;
}

[[gnu::noinline]] static status_t slots_free(struct space *space, parcel_t slots) {
    struct run run;
    struct path path;
    uint64_t charge = 0;
    status_t status = run_decode(slots, PARCEL_RIGHTS | PARCEL_HOLES, &run);
    if (status != OK)
        return status;
    struct removed removed;
    removed.count = removed.cookies = 0;
    space_lock(space, run.level);
    status = run_freeable(space, &run, &path);
    if (status == OK)
        charge = run_unlink(&path, run.count, &removed);
    if (removed.count != 0)
        tlb_changed(space, run.address, run.level == 1 ? run.count : TABLE_ENTRIES);
    spinlock_release(&space->lock);
    tlb_wait();
    for (unsigned i = 0; i < removed.count; i++)
        entry_drop(removed.entries[i], run.level);
    if (removed.cookies != 0)
        cookies_mark(space, &removed);
    if (removed.count < PAGES_AT_ONCE)
        (void)tables_free_one();
    account_refund(space->account, charge);
    return status;
}

status_t memory_free(struct space *space, parcel_t slots) {
    return page_free(space, slots) ? OK : slots_free(space, slots);
}
