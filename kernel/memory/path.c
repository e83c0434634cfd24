#include "memory/path.h"

#include <abi/layout.h>

#include "debug/crash.h"
#include "memory/large.h"
#include "memory/straight.h"
#include "memory/tlb.h"

static bool run_in_range(const struct run *run) {
    uint64_t size = run->count * level_size(run->level);
    return (run->address & (level_size(run->level) - 1)) == 0 &&
           run->address >= LAYOUT_LOWEST && run->address + size <= LAYOUT_LIMIT &&
           address_index(run->address, run->level) + run->count <= TABLE_ENTRIES;
}

status_t run_decode(parcel_t slots, parcel_t allowed, struct run *run) {
    static constexpr parcel_t place =
        PARCEL_ADDRESS_MASK | (PARCEL_ENTRIES - 1) | 3ull << PARCEL_LEVEL_SHIFT;
    if (slots & ~(place | allowed))
        return ERR_BAD_ARGUMENT;
    if ((slots & PARCEL_RIGHTS) == PARCEL_RIGHTS)
        return ERR_NO_RIGHT;
    *run = (struct run){parcel_address(slots), parcel_level(slots), parcel_count(slots)};
    return run_in_range(run) ? OK : ERR_BAD_SLOT;
}

status_t run_at(uaddr_t address, const struct run *like, struct run *run) {
    *run = (struct run){address, like->level, like->count};
    return !(address & ~PARCEL_ADDRESS_MASK) && run_in_range(run) ? OK : ERR_BAD_SLOT;
}

// --- going down ----------------------------------------------------------------------------------

// Goes on from `path` to the level.
static inline bool path_go(uaddr_t address, unsigned level, struct path *path) {
    struct path at = {
        .cells = path->cells, .level = path->level, .all = path->all, .any = path->any};
    while (at.level > level) {
        entry_t entry = cell_load(at.cells);
        if (!entry_is_table(entry, at.level))
            break;
        at.all &= entry;
        at.any |= entry;
        at.level--;
        path->table[at.level - 1] = entry_frame(entry);
        at.cells = (cell_t *)physical_to_virtual(entry & ENTRY_ADDRESS) +
                   address_index(address, at.level);
    }
    path->cells = at.cells;
    path->level = at.level;
    path->all = at.all;
    path->any = at.any;
    return at.level == level;
}

static inline void path_begin(const struct space *space, uaddr_t address, struct path *path) {
    struct frame *root = frame_number(space->root >> PAGE_BITS);
    path->table[LEVELS - 1] = root;
    path->cells = table_cells(root) + address_index(address, LEVELS);
    path->level = LEVELS;
    path->all = ~0ull;
    path->any = 0;
}

bool path_find(const struct space *space, uaddr_t address, unsigned level, struct path *path) {
    path_begin(space, address, path);
    return path_go(address, level, path);
}

bool way_look(struct space *space, unsigned which, uaddr_t address, unsigned level) {
    bool found = path_find(space, address, level, &space->way[which]);
    return way_keep(space, which, address) && found;
}

static status_t path_end_status(entry_t entry) {
    if (entry_is(entry, ABSENT_LANDING))
        return ERR_BUSY;
    return entry_is(entry, ABSENT_LENT) || entry_is(entry, ABSENT_PAGER) ? ERR_AWAY : ERR_BAD_SLOT;
}

status_t path_open(struct space *space, uaddr_t address, unsigned level, struct path *path) {
    path_begin(space, address, path);
    for (;;) {
        bool found = path_go(address, level, path);
        if (found)
            return path->all & ENTRY_WRITE ? OK : path_unshare(space, address, path);
        entry_t entry = entry_at(path_table(path), path->cells);
        if (!entry_present(entry) && !entry_is(entry, ABSENT_ZERO))
            return path_end_status(entry);
        status_t status = path_unshare(space, address, path);
        if (status == OK)
            status = path_split(space, address, path);
        if (status != OK)
            return status;
    }
}

// --- tables that others share --------------------------------------------------------------------

// Every child gets one reference more, so neither table may write any. Nobody else changes a shared
// table, but harts set accessed and dirty bits, and others who copy it clear W as this does. Most
// are full and have no large pages: then no entry needs to be asked what it is (`plain`).
[[gnu::always_inline]] static inline void cells_share(cell_t *from, cell_t *to, bool plain) {
#pragma unroll 16
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        entry_t entry = plain ? ENTRY_PRESENT : cell_load(&from[i]);
        if (entry_present(entry)) {
            cell_clear(&from[i], ENTRY_WRITE);
            entry = cell_load(&from[i]);
            if (plain)
                frame_reference(entry_frame(entry));
            else
                entry_reference(entry);
        }
        __c11_atomic_store(&to[i], entry, __ATOMIC_RELAXED);
    }
}

static void table_copy(const struct frame *shared, struct frame *copy) {
    cell_t *from = table_cells(shared), *to = table_cells(copy);
    frame_use(copy, FRAME_TABLE, shared->level);
    copy->sums[0] = shared->sums[0];
    copy->sums[1] = shared->sums[1];
    copy->present = shared->present;
    copy->default_entry = shared->default_entry;
    copy->large = shared->large;
    if (shared->present == TABLE_ENTRIES && !shared->large)
        cells_share(from, to, true);
    else
        cells_share(from, to, false);
}

// Puts a copy in the place of the table that the path has come to.
static status_t table_break(struct space *space, uaddr_t address, const struct path *path,
                            entry_t entry) REQUIRES(space->lock) {
    struct frame *copy;
    status_t status = frame_allocate(0, FRAME_TABLE, &copy);
    if (status != OK)
        return status;
    table_copy(entry_frame(entry), copy);
    path_replace(path, 0, entry_make(copy, entry_marks(entry)));
    tlb_changed(space, address, 1);
    tlb_release(entry, path->level);
    return OK;
}

status_t path_unshare(struct space *space, uaddr_t address, struct path *path) {
    unsigned level = path->level;
    if (path->all & ENTRY_WRITE)
        return OK;
    path_begin(space, address, path);
    while (path->level > level) {
        entry_t entry = cell_load(path->cells);
        if (__c11_atomic_load(&entry_frame(entry)->references, __ATOMIC_ACQUIRE) != 1) {
            status_t status = table_break(space, address, path, entry);
            if (status != OK)
                return status;
        }
        (void)path_go(address, path->level - 1, path);
    }
    return OK;
}

// --- making tables -------------------------------------------------------------------------------

status_t table_allocate(unsigned level, struct frame **table) {
    status_t status = frame_allocate_zeroed(FRAME_TABLE, table);
    if (status != OK)
        return status;
    frame_use(*table, FRAME_TABLE, level);
    (*table)->default_entry = ENTRY_EMPTY;
    (*table)->charge = 1;
    (*table)->holes = TABLE_ENTRIES;
    return OK;
}

// Rights stand in the top entry; below, everything is allowed.
status_t path_split(struct space *space, uaddr_t address, const struct path *path) {
    struct frame *table;
    entry_t entry = entry_at(path_table(path), path->cells);
    bool large = entry_present(entry);
    if (large && entry_frame(entry)->dirty != 0)
        return ERR_BUSY;
    status_t status = table_allocate(path->level - 1, &table);
    if (status != OK)
        return status;
    table->default_entry = ENTRY_ZERO_DEFAULT;
    table->holes = 0;
    table->charge = (uint32_t)level_charge(path->level);
    if (large)
        table = large_table(entry, table);
    path_replace(path, 0, entry_make(table, entry_marks(entry)));
    if (large)
        tlb_changed(space, address, TABLE_ENTRIES);
    return OK;
}

// Makes the tables below the EMPTY entry that ends the path, lowest first, and links them there.
[[gnu::noinline]] static status_t path_extend(uaddr_t address, unsigned level,
                                              const struct path *path) {
    struct frame *table;
    entry_t entry = 0;
    for (; level < path->level; level++) {
        status_t status = table_allocate(level, &table);
        if (status != OK) {
            entry_drop(entry, level);
            return status;
        }
        if (entry != 0)
            table_fill(table, address_index(address, level), entry);
        entry = entry_make(table, ENTRY_WRITABLE);
    }
    path_replace(path, 0, entry);
    path_add(path, sums_sub(entry_sums(entry, level), (struct sums){SUM_HOLES, 0}));
    return OK;
}

// May entries with these marks be put at the end of the path, or below it?
static status_t path_allows(const struct path *path, bool found, entry_t marks) {
    entry_t entry = entry_at(path_table(path), path->cells);
    if (path_pinned(path) || (!found && (entry & ENTRY_PINNED)))
        return ERR_BUSY;
    if (!found && !entry_is(entry, ABSENT_EMPTY))
        return ERR_OCCUPIED;
    if ((marks & ENTRY_WRITABLE & ~path->all) || (~marks & ENTRY_NO_EXECUTE & path->any))
        return ERR_NO_RIGHT;
    return OK;
}

status_t path_build(struct space *space, uaddr_t address, unsigned level, entry_t marks,
                    struct path *path) {
    bool found = path_find(space, address, level, path);
    status_t status = path_allows(path, found, marks);
    if (status == OK && !(path->all & ENTRY_WRITE))
        status = path_unshare(space, address, path);
    if (status != OK || found)
        return status;
    unsigned missing = path->level - level;
    status = account_charge(space->account, missing);
    if (status != OK)
        return status;
    status = path_extend(address, level, path);
    if (status != OK) {
        account_refund(space->account, missing);
        return status;
    }
    bool built = path_go(address, level, path);
    assert(built);
    return OK;
}

bool path_is_empty(const struct path *path, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (entry_at(path_table(path), &path->cells[i]) != ENTRY_EMPTY)
            return false;
    return true;
}
