// Memory begins: zeroed pages, ZERO entries, frames of boot modules.
#include "debug/crash.h"
#include "memory/internal.h"

// --- frames, before anything is locked -----------------------------------------------------------

// A table of level 1 full of zeroed pages with all rights; the entry above says which hold.
static status_t full_table_allocate(struct frame **result) {
    struct frame *table;
    status_t status = frame_allocate_zeroed(FRAME_TABLE, &table);
    if (status != OK)
        return status;
    table->default_kind = ABSENT_EMPTY;
    for (unsigned i = 0; i < TABLE_ENTRIES && status == OK; i++) {
        struct frame *page;
        status = frame_allocate_zeroed(FRAME_PAGE, &page);
        if (status != OK)
            break;
        cell_store(&table_cells(table)[i], entry_make(page, ENTRY_WRITABLE));
        table->present++;
    }
    if (status != OK)
        entry_drop(entry_make(table, 0), 2);
    *result = table;
    return status;
}

static void list_drop(struct frame *first, unsigned level) {
    while (first != nullptr) {
        struct frame *next = first->next != 0 ? frame_number(first->next) : nullptr;
        entry_drop(entry_make(first, 0), level);
        first = next;
    }
}

// What `count` entries of a level point to, as a list.
static status_t list_allocate(unsigned level, unsigned count, struct frame **first) {
    *first = nullptr;
    for (unsigned i = 0; i < count; i++) {
        struct frame *frame;
        status_t status = level == 1 ? frame_allocate_zeroed(FRAME_PAGE, &frame)
                                     : full_table_allocate(&frame);
        if (status != OK) {
            list_drop(*first, level);
            return status;
        }
        frame->next = *first != nullptr ? (uint32_t)number_of_frame(*first) : 0;
        *first = frame;
    }
    return OK;
}

// Takes the first frame off a list and makes the entry for it.
static entry_t list_entry(struct frame **first, unsigned level, entry_t marks) {
    struct frame *frame = *first;
    *first = frame->next != 0 ? frame_number(frame->next) : nullptr;
    frame->sums[0] = frame->sums[1] = 0;
    if (level > 1)
        frame->charge = (uint32_t)level_charge(level);
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
static void slots_filled(const struct path *path, unsigned count) {
    path_add(path, (struct sums){count * level_charge(path->level), -(uint64_t)count * SUM_HOLES});
}

static status_t pages_link(struct space *space, const struct run *run, entry_t marks,
                           struct frame *list) {
    struct path path;
    spinlock_acquire(&space->lock);
    status_t status = slots_open(space, run, marks, &path);
    if (status == OK) {
        for (unsigned i = 0; i < run->count; i++)
            path_replace(&path, i, list_entry(&list, run->level, marks));
        slots_filled(&path, run->count);
    }
    spinlock_release(&space->lock);
    if (status != OK)
        list_drop(list, run->level);
    return status;
}

static status_t pages_create(struct space *space, const struct run *run, entry_t marks) {
    struct frame *list;
    status_t status = list_allocate(run->level, run->count, &list);
    return status == OK ? pages_link(space, run, marks, list) : status;
}

static status_t zero_create(struct space *space, const struct run *run, entry_t marks) {
    struct path path;
    spinlock_acquire(&space->lock);
    status_t status = slots_open(space, run, marks, &path);
    if (status == OK) {
        for (unsigned i = 0; i < run->count; i++)
            path_replace(&path, i, ENTRY_ZERO | marks_in_absent(marks));
        slots_filled(&path, run->count);
    }
    spinlock_release(&space->lock);
    return status;
}

status_t memory_create(struct space *space, parcel_t slots, uint32_t kind) {
    struct run run;
    status_t status = run_decode(slots, PARCEL_RIGHTS, &run);
    if (status == OK && kind > MEMORY_ZERO)
        status = ERR_BAD_ARGUMENT;
    if (status != OK)
        return status;
    uint64_t charge = run.count * level_charge(run.level);
    status = account_charge(space->account, charge);
    if (status != OK)
        return status;
    entry_t marks = marks_of_rights(slots);
    status = kind == MEMORY_PAGES ? pages_create(space, &run, marks)
                                  : zero_create(space, &run, marks);
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
        slots_filled(&path, run.count);
    }
    spinlock_release(&space->lock);
    if (status != OK)
        account_refund(space->account, run.count);
    return status;
}
