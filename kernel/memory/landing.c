#include "memory/landing.h"

#include "debug/crash.h"

// The first entry of a free window.
static entry_t window_at(const struct space *space, uaddr_t address, unsigned level,
                         struct path *path) REQUIRES(space->lock) {
    bool found = path_find(space, address, level, path);
    assert(found);
    return cell_load(path->cells);
}

bool landing_find(const struct space *space, unsigned level, unsigned count,
                  struct landing *landing) {
    uaddr_t address = space->landing_first[level - 1];
    landing->previous = nullptr;
    while (address != 0) {
        entry_t entry = window_at(space, address, level, &landing->path);
        if (entry_second(entry) >= count) {
            landing->address = address;
            landing->window = entry_second(entry);
            return true;
        }
        landing->previous = landing->path.cells;
        address = entry_next_window(entry);
    }
    return false;
}

// --- prepare -------------------------------------------------------------------------------------

static void run_prepare(struct space *space, const struct run *run, const struct path *path,
                        unsigned window) REQUIRES(space->lock) {
    for (unsigned i = 0; i < run->count; i++)
        cell_store(&path->cells[i], ENTRY_LANDING);
    for (unsigned i = run->count; i != 0; i -= window)
        (void)landing_push(space, run->level, &path->cells[i - window],
                           run->address + (i - window) * level_size(run->level), window);
    space->landing_windows[run->level - 1] += run->count / window;
    path_add(path, (struct sums){-(run->count * SUM_HOLES), run->count * SUM_PINNED});
}

status_t slot_prepare(struct space *space, parcel_t slots, uint32_t window) {
    struct run run;
    struct path path;
    status_t status = run_decode(slots, 0, &run);
    if (status != OK)
        return status;
    if (window == 0 || run.count % window != 0)
        return ERR_BAD_ARGUMENT;
    spinlock_acquire(&space->lock);
    if (space->landing_windows[run.level - 1] + run.count / window > LANDING_LIMIT)
        status = ERR_BAD_ARGUMENT;
    if (status == OK)
        status = path_build(space, run.address, run.level, ENTRY_NO_EXECUTE, &path);
    if (status == OK && !path_is_empty(&path, run.count))
        status = ERR_OCCUPIED;
    if (status == OK)
        run_prepare(space, &run, &path, window);
    spinlock_release(&space->lock);
    tlb_wait();
    return status;
}

// --- release -------------------------------------------------------------------------------------

// Counts the free windows that make up the run, exactly; 0 if something else is there.
static unsigned run_windows(const struct run *run, const struct path *path) {
    unsigned windows = 0, i = 0;
    while (i < run->count) {
        entry_t entry = cell_load(&path->cells[i]);
        if (!entry_is(entry, ABSENT_LANDING) || (entry & ABSENT_TAKEN) || entry_second(entry) == 0)
            return 0;
        i += entry_second(entry);
        windows++;
    }
    return i == run->count ? windows : 0;
}

// Takes all windows of the run off the list.
static void list_filter(struct space *space, const struct run *run) REQUIRES(space->lock) {
    uaddr_t end = run->address + run->count * level_size(run->level);
    uaddr_t address = space->landing_first[run->level - 1];
    cell_t *previous = nullptr;
    struct path path;
    while (address != 0) {
        uaddr_t next = entry_next_window(window_at(space, address, run->level, &path));
        if (address >= run->address && address < end)
            landing_unlink(space, run->level, previous, next);
        else
            previous = path.cells;
        address = next;
    }
}

static status_t run_release(struct space *space, const struct run *run) REQUIRES(space->lock) {
    struct path path;
    status_t status = path_open(space, run->address, run->level, &path);
    if (status != OK)
        return status == ERR_BAD_SLOT ? ERR_BAD_SLOT : ERR_EMPTY;
    unsigned windows = run_windows(run, &path);
    if (windows == 0)
        return ERR_EMPTY;
    list_filter(space, run);
    space->landing_windows[run->level - 1] -= windows;
    for (unsigned i = 0; i < run->count; i++)
        cell_store(&path.cells[i], table_empty(path_table(&path)));
    path_add(&path, (struct sums){run->count * SUM_HOLES, -(run->count * SUM_PINNED)});
    return OK;
}

status_t slot_release(struct space *space, parcel_t slots) {
    struct run run;
    status_t status = run_decode(slots, PARCEL_RIGHTS | PARCEL_HOLES, &run);
    if (status != OK)
        return status;
    spinlock_acquire(&space->lock);
    status = run_release(space, &run);
    spinlock_release(&space->lock);
    tlb_wait();
    return status;
}
