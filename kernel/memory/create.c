// Memory begins: zeroed pages, entries without frames, frames of boot modules.
#include "debug/crash.h"
#include "memory/internal.h"

// --- frames, before anything is locked -----------------------------------------------------------

static void list_drop(struct frame *first) {
    while (first != nullptr) {
        struct frame *next = first->next != 0 ? frame_number(first->next) : nullptr;
        frame_free(first, 0);
        first = next;
    }
}

// Zeroed pages, as a list: so many, or what is in stock and as many more as one call may zero.
static status_t list_allocate(unsigned count, struct frame **first) {
    if (count > MEMORY_GROUP) {
        unsigned limit = frames_in_stock() + MEMORY_GROUP;
        count = count < limit ? count : limit;
    }
    struct frame *list = nullptr;
    for (unsigned i = 0; i < count; i++) {
        struct frame *frame;
        status_t status = frame_allocate_zeroed(FRAME_PAGE, &frame);
        if (status != OK) {
            list_drop(list);
            return status;
        }
        frame->next = list != nullptr ? (uint32_t)number_of_frame(list) : 0;
        list = frame;
    }
    *first = list;
    return OK;
}

// Takes the first frame off a list and makes the entry for it.
static entry_t list_entry(struct frame **first, entry_t marks) {
    struct frame *frame = *first;
    *first = frame->next != 0 ? frame_number(frame->next) : nullptr;
    return entry_make(frame, marks);
}

// --- commit --------------------------------------------------------------------------------------

// Gets at empty slots for new entries; checks that they are.
static status_t slots_open(struct space *space, const struct run *run, entry_t marks,
                           struct path *path) REQUIRES(space->lock) {
    status_t status = path_build(space, run->address, run->level, marks, path);
    return status == OK && !path_is_empty(path, run->count) ? ERR_OCCUPIED : status;
}

// Accounts for `count` entries that have replaced EMPTY ones.
static void slots_filled(const struct path *path, unsigned count, uint64_t away) {
    path_add(path, (struct sums){count * level_charge(path->level) + away,
                                 -(uint64_t)count * SUM_HOLES});
}

// Links the index-th of the absent entries that begin with `first`: cookies go up by one, and are
// stored inverted. Returns what it adds to the sum of what is away.
static uint64_t absent_link(const struct path *path, unsigned index, entry_t first) {
    bool pager = entry_is(first, ABSENT_PAGER);
    path_replace(path, index, first - (pager ? (entry_t)index << ABSENT_VALUE_SHIFT : 0));
    return pager ? SUM_AWAY : 0;
}

// Links the pages of a list, and behind them entries without frames, like `absent`.
static status_t entries_link(struct space *space, const struct run *run, entry_t marks,
                             struct frame *list, entry_t absent) {
    struct path path;
    uint64_t away = 0;
    spinlock_acquire(&space->lock);
    status_t status = slots_open(space, run, marks, &path);
    if (status == OK) {
        unsigned i = 0;
        for (; list != nullptr; i++)
            path_replace(&path, i, list_entry(&list, marks));
        for (; i < run->count; i++)
            away += absent_link(&path, i, absent | marks_in_absent(marks));
        slots_filled(&path, run->count, away);
    }
    spinlock_release(&space->lock);
    tlb_wait();
    if (status != OK)
        list_drop(list);
    return status;
}

// Touches one group of pages, as writes of the program would.
static status_t group_fill(struct space *space, const struct run *run, uint64_t group) {
    uint64_t cookie, offset = group * MEMORY_GROUP * PAGE_SIZE;
    uint64_t size = run->count * level_size(run->level);
    if (offset >= size)
        return ERR_BAD_ARGUMENT;
    for (unsigned i = 0; i < MEMORY_GROUP && offset < size; i++, offset += PAGE_SIZE) {
        enum fault_outcome outcome =
            space_fault(space, run->address + offset, ACCESS_WRITE, &cookie);
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

status_t memory_create(struct space *space, parcel_t slots, uint64_t kind) {
    struct run run;
    entry_t absent = ENTRY_ZERO;
    status_t status = run_decode(slots, PARCEL_RIGHTS, &run);
    if (status == OK && (kind & 3) == MEMORY_FILL)
        return group_fill(space, &run, kind >> MEMORY_GROUP_SHIFT);
    if (status == OK && kind > MEMORY_ZERO)
        status = cookies_decode(&run, kind, &absent);
    if (status != OK)
        return status;
    uint64_t charge = run.count * level_charge(run.level);
    status = account_charge(space->account, charge);
    if (status != OK)
        return status;
    struct frame *list = nullptr;
    if (kind == MEMORY_PAGES && run.level == 1)
        status = list_allocate(run.count, &list);
    if (status == OK)
        status = entries_link(space, &run, marks_of_rights(slots), list, absent);
    if (status != OK)
        account_refund(space->account, charge);
    return status;
}

// --- boot modules --------------------------------------------------------------------------------

status_t space_link_pages(struct space *space, struct frame *first, parcel_t slots) {
    struct run run;
    struct path path;
    status_t status = run_decode(slots, PARCEL_RIGHTS, &run);
    if (status == OK && run.level != 1)
        status = ERR_BAD_SLOT;
    if (status == OK)
        status = account_charge(space->account, run.count);
    if (status != OK)
        return status;
    entry_t marks = marks_of_rights(slots);
    spinlock_acquire(&space->lock);
    status = slots_open(space, &run, marks, &path);
    if (status == OK) {
        for (unsigned i = 0; i < run.count; i++) {
            frame_set_state(first + i, FRAME_PAGE);
            path_replace(&path, i, entry_make(first + i, marks));
        }
        slots_filled(&path, run.count, 0);
    }
    spinlock_release(&space->lock);
    tlb_wait();
    if (status != OK)
        account_refund(space->account, run.count);
    return status;
}
