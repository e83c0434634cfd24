// Memory begins: zeroed pages, large pages, entries without frames, frames of boot modules.
#include "debug/crash.h"
#include "memory/internal.h"
#include "memory/large.h"
#include "memory/straight.h"

// --- frames, before anything is locked -----------------------------------------------------------

static void list_drop(uint32_t list) {
    for (struct frame *frame; (frame = frame_pop(&list)) != nullptr;)
        frame_free(frame, level_order(frame->level));
}

// Pages of a level, as a list, also of those that there are if it fails. Small ones are zeroed: so
// many, or what is in stock and as many more as one call may zero.
[[gnu::always_inline]] static inline status_t list_allocate(const struct run *run, bool large,
                                                            uint32_t *list) {
    unsigned count = run->count;
    if (!large && count > MEMORY_GROUP) {
        unsigned limit = frames_in_stock() + MEMORY_GROUP;
        count = count < limit ? count : limit;
    }
    for (unsigned i = 0; i < count; i++) {
        struct frame *frame;
        status_t status = large ? large_allocate(run->level, &frame)
                                : frame_allocate_zeroed(FRAME_PAGE, &frame);
        if (status != OK)
            return status;
        frame_push(list, frame);
    }
    return OK;
}

// --- commit --------------------------------------------------------------------------------------

// Links the index-th of the absent entries that begin with `first`: cookies go up by one, and are
// stored inverted. Returns what it adds to the sum of what is away.
static uint64_t absent_link(const struct path *path, unsigned index, entry_t first) {
    bool pager = entry_is(first, ABSENT_PAGER);
    path_replace(path, index, first - (pager ? (entry_t)index << ABSENT_VALUE_SHIFT : 0));
    return pager ? SUM_AWAY : 0;
}

// Fills empty slots with the pages of a list, and behind them entries without frames, like
// `absent`.
[[gnu::always_inline]] static inline status_t slots_fill(struct space *space, const struct run *run,
                                                         entry_t marks, uint32_t list,
                                                         entry_t absent) {
    struct path path;
    uint64_t charge = run->count * level_charge(run->level), away = 0;
    spinlock_acquire(&space->lock);
    status_t status = path_build(space, run->address, run->level, marks, &path);
    if (status == OK && !path_is_empty(&path, run->count))
        status = ERR_OCCUPIED;
    if (status == OK) {
        unsigned i = 0;
        for (struct frame *frame; (frame = frame_pop(&list)) != nullptr; i++)
            path_replace(&path, i,
                         entry_settle(frame_address(frame) | ENTRY_PRESENT | marks));
        for (; i < run->count; i++)
            away += absent_link(&path, i, absent | entry_marks(marks));
        path_add(&path, (struct sums){charge - run->count * SUM_HOLES, away});
        path_table(&path)->large |= marks & ENTRY_LARGE;
    }
    spinlock_release(&space->lock);
    tlb_wait();
    return status;
}

// Touches one group of pages, as writes of the program would. Of a large page as many are zeroed.
static status_t group_fill(struct space *space, const struct run *run, uint64_t group) {
    uint64_t cookie, offset = group * MEMORY_GROUP * PAGE_SIZE;
    uint64_t size = run->count * level_size(run->level);
    if (offset >= size)
        return ERR_BAD_ARGUMENT;
    for (unsigned i = 0; i < MEMORY_GROUP && offset < size; i++, offset += PAGE_SIZE) {
        enum fault_outcome outcome =
            space_fault(space, run->address + offset, ACCESS_WRITE, &cookie);
        if (outcome == FAULT_ZEROING)
            return OK;
        if (outcome != FAULT_RESOLVED)
            return outcome == FAULT_NO_FRAME ? ERR_NO_FRAME : ERR_EMPTY;
    }
    return OK;
}

// The first entry for pages that a pager provides.
static status_t cookies_decode(const struct run *run, uint64_t kind, entry_t *entry) {
    uint64_t cookie = kind >> MEMORY_COOKIE_SHIFT;
    *entry = entry_absent_make(ABSENT_PAGER, cookie, 0);
    if ((kind & 3) != MEMORY_PAGER || cookie + run->count > 1ull << MEMORY_COOKIE_BITS)
        return ERR_BAD_ARGUMENT;
    return run->level == 1 ? OK : ERR_BAD_SLOT;
}

// One page, straight through.
static bool page_create(struct space *space, parcel_t slots) {
    const struct path *way = &space->way[WAY_OWN];
    if (!way_open(space, slots, PARCEL_WRITABLE, 1))
        return false;
    bool done = address_in_range(parcel_address(slots)) &&
                entry_at(way->table[0], way->cells) == ENTRY_EMPTY &&
                account_charge(space->account, 1) == OK;
    if (done && !way_page(way, marks_of_rights(slots))) {
        account_refund(space->account, 1);
        done = false;
    }
    if (done)
        path_add_from(way, 1, (struct sums){SUM_CHARGE - SUM_HOLES, 0});
    spinlock_release(&space->lock);
    return done;
}

[[gnu::noinline]] static status_t slots_create(struct space *space, parcel_t slots,
                                               uint64_t kind) {
    struct run run;
    entry_t absent = ENTRY_ZERO;
    status_t status = run_decode(slots, PARCEL_RIGHTS, &run);
    if (status != OK)
        return status;
    if ((kind & 3) == MEMORY_FILL)
        return group_fill(space, &run, kind >> MEMORY_GROUP_SHIFT);
    if (kind > MEMORY_ZERO && kind != MEMORY_LARGE &&
        (status = cookies_decode(&run, kind, &absent)) != OK)
        return status;
    uint64_t charge = run.count * level_charge(run.level);
    status = account_charge(space->account, charge);
    if (status != OK)
        return status;
    uint32_t list = 0;
    entry_t marks = marks_of_rights(slots) | ENTRY_USER;
    if (kind == MEMORY_PAGES && run.level == 1) {
        status = list_allocate(&run, false, &list);
    } else if (kind == MEMORY_LARGE) {
        marks ^= ENTRY_USER | large_bits(run.level); // nobody sees what is not zeroed
        status = list_allocate(&run, true, &list);
    }
    if (status == OK)
        status = slots_fill(space, &run, marks, list, absent);
    if (status != OK) {
        list_drop(list);
        account_refund(space->account, charge);
    }
    return status;
}

status_t memory_create(struct space *space, parcel_t slots, uint64_t kind) {
    if (kind == MEMORY_PAGES && page_create(space, slots))
        return OK;
    return slots_create(space, slots, kind);
}

// --- boot modules --------------------------------------------------------------------------------

status_t space_link_pages(struct space *space, struct frame *first, parcel_t slots) {
    struct run run;
    uint32_t list = 0;
    status_t status = run_decode(slots, PARCEL_RIGHTS, &run);
    if (status == OK && run.level != 1)
        status = ERR_BAD_SLOT;
    if (status == OK)
        status = account_charge(space->account, run.count);
    if (status != OK)
        return status;
    for (unsigned i = run.count; i != 0; i--)
        frame_push(&list, first + i - 1);
    status = slots_fill(space, &run, marks_of_rights(slots) | ENTRY_USER, list, ENTRY_ZERO);
    for (unsigned i = 0; status == OK && i < run.count; i++)
        frame_set_state(first + i, FRAME_PAGE);
    if (status != OK)
        account_refund(space->account, run.count);
    return status;
}
