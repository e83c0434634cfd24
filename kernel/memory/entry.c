#include "memory/entry.h"

static struct sums sums_of_present(entry_t entry, unsigned level) {
    uint64_t pin = entry & ENTRY_PINNED ? SUM_PINNED : 0;
    if (!entry_is_table(entry, level))
        return (struct sums){entry & ENTRY_BORROWED ? 0 : level_charge(level), pin};
    const struct frame *table = entry_frame(entry);
    uint64_t lent = entry & ENTRY_BORROWED ? table->charge : 0; // the lender is charged
    return (struct sums){table->sums[0] - lent, table->sums[1] + pin};
}

struct sums entry_sums(entry_t entry, unsigned level) {
    if (entry_present(entry))
        return sums_of_present(entry, level);
    uint64_t pin = entry & (ABSENT_BORROWED | ABSENT_FLIGHT) ? SUM_PINNED : 0;
    uint64_t charge = entry & ABSENT_BORROWED ? 0 : level_charge(level);
    switch (entry_absent(entry)) {
    case ABSENT_ZERO:
        return (struct sums){charge, pin};
    case ABSENT_LENT:
        return (struct sums){entry_value(entry) | SUM_AWAY, SUM_PINNED};
    case ABSENT_PAGER:
        return (struct sums){charge | SUM_AWAY, pin};
    case ABSENT_LANDING:
        return (struct sums){0, SUM_PINNED};
    default:
        return (struct sums){0, SUM_HOLES | pin};
    }
}

// Depth is at most the number of levels.
static void table_drop(struct frame *table) {
    if (__c11_atomic_load(&table->references, __ATOMIC_ACQUIRE) != 1 &&
        __c11_atomic_fetch_sub(&table->references, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    unsigned level = table->level;
    cell_t *cells = table_cells(table);
    for (unsigned i = 0; i < TABLE_ENTRIES && table->present != 0; i++) {
        entry_t entry = cell_load(&cells[i]);
        if (!entry_present(entry))
            continue;
        table->present--;
        entry_drop(entry, level);
    }
    frame_free(table, 0);
}

void entry_drop(entry_t entry, unsigned level) {
    if (!entry_present(entry))
        return;
    if (entry_is_table(entry, level))
        table_drop(entry_frame(entry));
    else
        frame_release(entry_frame(entry));
}
