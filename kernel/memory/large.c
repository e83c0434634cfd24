#include "memory/large.h"

#include "hal/string.h"

static struct spinlock lock;

struct frame *large_target(entry_t entry) {
    struct frame *head = entry_frame(entry);
    return large_is_split(entry) ? frame_number(head->split_table[large_level(entry) - 2]) : head;
}

void large_count(entry_t entry, uint32_t change) {
    spinlock_acquire(&lock);
    struct frame *target = large_target(entry);
    uint32_t before = __c11_atomic_fetch_add(&target->references, change, __ATOMIC_ACQ_REL);
    spinlock_release(&lock);
    if (before + change == 0)
        frame_bury(target);
}

// Every part becomes a page of its own, which the table alone refers to; what had references to the
// whole has them to the table. Whether a part was written is not known any more: all may be. The
// level changes first: entry_is_sole looks at the references before.
static void block_split(struct frame *head, unsigned part, struct frame *table) REQUIRES(lock) {
    entry_t marks = ENTRY_WRITABLE | ENTRY_ACCESSED | ENTRY_DIRTY | large_bits(part);
    table->references = head->references;
    table->present = TABLE_ENTRIES;
    table->large = marks & ENTRY_LARGE;
    head->split_table[part - 1] = (uint32_t)number_of_frame(table);
    frame_use(head, FRAME_PAGE, part);
    __c11_atomic_store(&head->references, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        struct frame *frame = head + ((uint64_t)i << level_order(part));
        if (i != 0)
            frame_begin(frame, FRAME_PAGE, part);
        cell_store(&table_cells(table)[i], entry_make(frame, marks));
    }
}

struct frame *large_table(entry_t entry, struct frame *fresh) {
    spinlock_acquire(&lock);
    bool split = large_is_split(entry);
    struct frame *table = split ? large_target(entry) : fresh;
    if (!split)
        block_split(entry_frame(entry), large_level(entry) - 1, table);
    spinlock_release(&lock);
    if (split)
        frame_free(fresh, 0);
    return table;
}

status_t large_allocate(unsigned level, struct frame **head) {
    if (level == 1 || level > hal_largest_page_level())
        return ERR_PAGE_SIZE;
    if (frame_allocate(level_order(level), FRAME_PAGE, head) != OK)
        return ERR_NO_RUN;
    frame_use(*head, FRAME_PAGE, level);
    (*head)->dirty = 1u << level_order(level);
    return OK;
}

// From the end on. Another hart that does a piece has taken the count away.
bool large_zero_some(cell_t *cell) {
    static constexpr uint32_t TAKEN = ~0u;
    struct frame *head = entry_frame(cell_load(cell));
    uint32_t dirty = __c11_atomic_load(&head->dirty, __ATOMIC_ACQUIRE);
    if (dirty != 0) {
        if (dirty == TAKEN ||
            !__c11_atomic_compare_exchange_strong(&head->dirty, &dirty, TAKEN, __ATOMIC_ACQUIRE,
                                                  __ATOMIC_RELAXED))
            return false;
        for (unsigned i = 0; i < MEMORY_GROUP; i++)
            page_zero((char *)frame_contents(head) + --dirty * PAGE_SIZE);
        __c11_atomic_store(&head->dirty, dirty, __ATOMIC_RELEASE);
    }
    if (dirty == 0)
        cell_set(cell, ENTRY_USER);
    return dirty == 0;
}
