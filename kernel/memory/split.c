// A large page or ZERO entry becomes a table; a table of the parts of one block a large page.
#include "memory/internal.h"
#include "memory/large.h"

// Are a table's entries the parts of one block that is zeroed, with the same rights, each referred
// to by its entry alone, and no larger together than pages can be?
static bool table_is_one(const struct frame *table) {
    static constexpr entry_t CHANGING = ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_WRITE;
    const cell_t *cells = table_cells(table);
    entry_t first = cell_load(cells), step = level_size(table->level);
    if ((~first & (ENTRY_PRESENT | ENTRY_USER)) || entry_is_table(first, table->level) ||
        (first & ENTRY_ADDRESS & (step * TABLE_ENTRIES - 1)) ||
        table->level >= hal_largest_page_level())
        return false;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++, first += step) {
        entry_t entry = cell_load(&cells[i]);
        if (((entry ^ first) & ~CHANGING) || !entry_is_sole(entry))
            return false;
    }
    return true;
}

static status_t table_joinable(const struct path *path, entry_t entry) {
    if (!entry_is_table(entry, path->level))
        return ERR_BAD_SLOT;
    if (entry_is_pinned(entry, path->level) || path_pinned(path))
        return ERR_BUSY;
    return entry_is_sole(entry) && table_is_one(entry_frame(entry)) ? OK : ERR_NO_RUN;
}

// The table's frames are one block again. What is inside of one looks like what is inside of a free
// one.
static status_t table_join(struct space *space, uaddr_t address, const struct path *path)
    REQUIRES(space->lock) {
    entry_t entry = cell_load(path->cells);
    status_t status = table_joinable(path, entry);
    if (status != OK)
        return status;
    struct frame *table = entry_frame(entry);
    entry_t first = cell_load(table_cells(table));
    entry_t marks = path_marks(&(struct path){.all = entry, .any = entry}, first);
    struct frame *head = entry_frame(first);
    for (unsigned i = 1; i < TABLE_ENTRIES; i++)
        frame_use(head + ((uint64_t)i << level_order(table->level)), FRAME_FREE, FRAME_INSIDE);
    frame_use(head, FRAME_PAGE, path->level);
    table->present = 0; // they are not the table's any more
    marks |= large_bits(path->level) | ENTRY_ACCESSED | ENTRY_DIRTY;
    path_table(path)->large = 1;
    path_replace(path, 0, entry_make(head, marks));
    tlb_changed(space, address, TABLE_ENTRIES);
    tlb_release(entry, path->level);
    return OK;
}

status_t memory_regroup(struct space *space, parcel_t slots, bool join) {
    struct run run;
    struct path path;
    status_t status = run_decode(slots, 0, &run);
    if (status == OK && (run.level == 1 || run.count != 1))
        status = ERR_BAD_ARGUMENT;
    if (status != OK)
        return status;
    space_lock(space, run.level);
    status = path_open(space, run.address, join ? run.level : run.level - 1, &path);
    if (status == OK && join)
        status = table_join(space, run.address, &path);
    spinlock_release(&space->lock);
    tlb_wait();
    return status;
}
