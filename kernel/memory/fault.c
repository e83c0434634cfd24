// Touches of memory: what is there already, first touches of ZERO memory, copy-on-write. None of
// them changes a sum or an account.
#include <abi/layout.h>

#include "debug/crash.h"
#include "hal/string.h"
#include "memory/fault_fast.h"
#include "memory/internal.h"
#include "memory/large.h"

static bool allowed(const struct path *path, entry_t entry, uint8_t access) {
    entry_t marks = path_marks(path, entry);
    return (!(access & ACCESS_WRITE) || (marks & ENTRY_WRITABLE)) &&
           (!(access & ACCESS_EXECUTE) || !(marks & ENTRY_NO_EXECUTE));
}

// A table that others shared but share no more is written in place again.
static void tables_make_writable(uaddr_t address, const struct path *path) {
    for (unsigned level = LEVELS; level > path->level; level--) {
        cell_t *cell = table_cells(path->table[level - 1]) + address_index(address, level);
        entry_t entry = entry_settle(cell_load(cell));
        assert(entry & ENTRY_WRITE);
        cell_set(cell, ENTRY_WRITE);
    }
}

// First touch: reads share the zero frame, a write gets a frame of its own.
static enum fault_outcome zero_touch(const struct path *path, entry_t entry, uint8_t access) {
    struct frame *frame = zero_frame;
    if (!(access & ACCESS_WRITE))
        frame_reference(frame);
    else if (frame_allocate_zeroed(FRAME_PAGE, &frame) != OK)
        return FAULT_NO_FRAME;
    path_replace(path, 0, entry_make(frame, entry_marks(entry)));
    return FAULT_RESOLVED;
}

static status_t frame_copy(const struct frame *shared, struct frame **copy) {
    if (shared == zero_frame)
        return frame_allocate_zeroed(FRAME_PAGE, copy);
    status_t status = frame_allocate(0, FRAME_PAGE, copy);
    if (status == OK)
        page_copy(frame_contents(*copy), frame_contents(shared));
    return status;
}

// Other threads may write to the page until they have heard that they share it, and read it until
// they have heard of the copy: in between nobody writes to either. Waits under the lock, which is
// safe since every spin loop answers. What was written since `copy` was filled is copied again.
static void page_break_shared(struct space *space, uaddr_t address, const struct path *path,
                              struct frame *copy, entry_t entry, entry_t copied)
    REQUIRES(space->lock) {
    tlb_wait_all();
    page_copy(frame_contents(copy), frame_contents(entry_frame(entry)));
    path_replace(path, 0, copied & ~ENTRY_WRITE);
    tlb_changed(space, address, 1);
    tlb_wait();
    cell_set(path->cells, ENTRY_WRITE);
}

// A write to what is writable by right: the last holder writes in place, others get a copy.
static enum fault_outcome page_write(struct space *space, uaddr_t address, const struct path *path,
                                     entry_t entry) REQUIRES(space->lock) {
    if (entry_settle(entry) & ENTRY_WRITE) {
        cell_set(path->cells, ENTRY_WRITE);
        return FAULT_RESOLVED;
    }
    struct frame *copy;
    if (frame_copy(entry_frame(entry), &copy) != OK)
        return FAULT_NO_FRAME;
    entry_t copied = entry_make(copy, entry_marks(entry) | (entry & ENTRY_DMA));
    if (__c11_atomic_load(&space->runners, __ATOMIC_RELAXED) > 1) {
        page_break_shared(space, address, path, copy, entry, copied);
    } else {
        path_replace(path, 0, copied);
        tlb_changed(space, address, 1);
    }
    tlb_release(entry, 1);
    return FAULT_RESOLVED;
}

static enum fault_outcome page_touch(struct space *space, uaddr_t address, uint8_t access,
                                     uint64_t *cookie, struct path *path)
    REQUIRES(space->lock) {
    entry_t entry = entry_at(path_table(path), path->cells);
    if (!entry_present(entry) && !entry_is(entry, ABSENT_ZERO))
        return absent_outcome(entry, cookie);
    if (!allowed(path, entry, access))
        return FAULT_PROTECTION;
    bool write = access & ACCESS_WRITE;
    if ((write || !entry_present(entry)) && !(path->all & ENTRY_WRITE)) {
        if (path_unshare(space, address, path) != OK)
            return FAULT_NO_FRAME;
        if (write)
            tables_make_writable(address, path);
        entry = entry_at(path_table(path), path->cells);
    }
    if (!entry_present(entry))
        return zero_touch(path, entry, access);
    if (write && !(entry & ENTRY_WRITE))
        return page_write(space, address, path, entry);
    return FAULT_RESOLVED;
}

// A touch whose way ends above level 1. RESOLVED: that was all, or a table leads on from there.
[[gnu::noinline]] static enum fault_outcome end_touch(struct space *space, uaddr_t address,
                                                      uint8_t access, uint64_t *cookie,
                                                      struct path *path) REQUIRES(space->lock) {
    entry_t entry = entry_at(path_table(path), path->cells);
    bool large = entry_present(entry);
    if (!large && !entry_is(entry, ABSENT_ZERO))
        return absent_outcome(entry, cookie);
    if (!allowed(path, entry, access))
        return FAULT_PROTECTION;
    if (large && !(entry & ENTRY_USER) && !large_zero_some(path->cells))
        return FAULT_ZEROING;
    if (large && !(access & ACCESS_WRITE))
        return FAULT_RESOLVED;
    if (path_unshare(space, address, path) != OK)
        return FAULT_NO_FRAME;
    if (!large || !entry_is_sole(cell_load(path->cells)))
        return path_split(space, address, path) == OK ? FAULT_RESOLVED : FAULT_NO_FRAME;
    tables_make_writable(address, path);
    cell_set(path->cells, ENTRY_WRITE);
    return FAULT_RESOLVED;
}

enum fault_outcome fault_resolve_locked(struct space *space, uaddr_t address, uint8_t access,
                                        uint64_t *cookie, struct path *path) {
    while (!path_find(space, address, 1, path)) {
        enum fault_outcome outcome = end_touch(space, address, access, cookie, path);
        if (outcome != FAULT_RESOLVED || !entry_is_table(cell_load(path->cells), path->level))
            return outcome;
    }
    return page_touch(space, address, access, cookie, path);
}

enum fault_outcome space_fault(struct space *space, uaddr_t address, uint8_t access,
                               uint64_t *cookie) {
    if (address >= LAYOUT_LIMIT)
        return FAULT_EMPTY;
    spinlock_acquire(&space->lock);
    enum fault_outcome outcome =
        fault_resolve_locked(space, address, access, cookie, &space->way[WAY_OWN]);
    (void)way_keep(space, WAY_OWN, address);
    spinlock_release(&space->lock);
    tlb_wait();
    return outcome;
}

// --- the kernel's own reading and writing --------------------------------------------------------

void *space_page_locked(struct space *space, uaddr_t address, bool write) {
    uint64_t cookie;
    struct path path;
    if (address >= LAYOUT_LIMIT ||
        fault_resolve_locked(space, address, write ? ACCESS_WRITE : 0, &cookie, &path) !=
            FAULT_RESOLVED)
        return nullptr;
    uint64_t page = address % level_size(path.level) / PAGE_SIZE; // of a large one
    return frame_contents(entry_frame(cell_load(path.cells)) + page);
}
