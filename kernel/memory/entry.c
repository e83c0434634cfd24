#include "memory/entry.h"

// What is borrowed is charged to its lender.
static uint64_t whole_charge(entry_t entry, unsigned level) {
    return entry & ENTRY_BORROWED ? 0 : level_charge(level);
}

struct sums entry_sums(entry_t entry, unsigned level) {
    uint64_t pin = entry & ENTRY_PINNED ? SUM_PINNED : 0;
    if (entry_present(entry)) {
        if (level == 1 || (entry & ENTRY_LARGE))
            return (struct sums){whole_charge(entry, level), pin};
        const struct frame *table = entry_frame(entry);
        uint64_t lent = entry & ENTRY_BORROWED ? table->charge : 0;
        return (struct sums){table->sums[0] - lent, table->sums[1] + pin};
    }
    uint64_t charge = whole_charge(entry, level);
    switch (entry_absent(entry)) {
    case ABSENT_ZERO:
        return (struct sums){charge, pin};
    case ABSENT_LENT:
        if (level > 1 || entry_value(entry) == 0)
            charge = entry_value(entry);
        return (struct sums){charge, SUM_AWAY | SUM_PINNED};
    case ABSENT_PAGER:
        return (struct sums){charge, SUM_AWAY | pin};
    case ABSENT_LANDING:
        return (struct sums){0, SUM_PINNED};
    default:
        return (struct sums){SUM_HOLES, pin};
    }
}

// --- letting go ----------------------------------------------------------------------------------

static constexpr unsigned DROPPED_AT_ONCE = TABLE_ENTRIES / 2;

static struct spinlock dead_lock;
static uint32_t dead; // tables and large pages that nothing refers to any more, by frame numbers

void frame_bury(struct frame *frame) {
    spinlock_acquire(&dead_lock);
    frame_push(&dead, frame);
    spinlock_release(&dead_lock);
}

static struct frame *table_dig_up(void) {
    spinlock_acquire(&dead_lock);
    struct frame *table = frame_pop(&dead);
    spinlock_release(&dead_lock);
    return table;
}

// Most tables are sparse: cells are skipped in groups, and none is looked at behind the last
// present.
void table_drop(struct frame *table, unsigned limit) {
    static constexpr unsigned GROUP = 8;
    unsigned level = table->level;
    cell_t *group = table_cells(table);
    for (; table->present != 0 && limit >= GROUP; group += GROUP) {
        entry_t any = 0;
        for (unsigned i = 0; i < GROUP; i++)
            any |= cell_load(&group[i]);
        for (unsigned i = 0; entry_present(any) && i < GROUP; i++) {
            entry_t entry = cell_load(&group[i]);
            if (!entry_present(entry))
                continue;
            cell_store(&group[i], 0);
            table->present--;
            limit--;
            if (level == 1)
                frame_release(entry_frame(entry));
            else
                entry_drop(entry, level);
        }
    }
}

bool tables_free_one(void) {
    struct frame *table = table_dig_up();
    if (table == nullptr)
        return false;
    table_drop(table, DROPPED_AT_ONCE);
    if (table->present != 0)
        frame_bury(table);
    else
        frame_free(table, table->state == FRAME_TABLE ? 0 : level_order(table->level));
    return true;
}

void entry_drop(entry_t entry, unsigned level) {
    if (!entry_present(entry))
        return;
    struct frame *frame = entry_frame(entry);
    if (level == 1)
        frame_release(frame);
    else if (entry & ENTRY_LARGE)
        large_count(entry, ~0u);
    else if (__c11_atomic_fetch_sub(&frame->references, 1, __ATOMIC_ACQ_REL) == 1)
        frame_bury(frame);
}
