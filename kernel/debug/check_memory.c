// Recounts what the entries of all tables say and compares it with what is kept beside them.
#include "debug/log.h"
#include "hal/string.h"
#include "memory/internal.h"
#include "memory/large.h"
#include "memory/straight.h"

struct check {
    unsigned errors;
    char *text;
    size_t size;
};

#define check_fail(check, ...)                                                                     \
    ((check)->errors++ == 0 ? (void)text_format((check)->text, (check)->size, __VA_ARGS__)         \
                            : (void)0)

// --- one entry -----------------------------------------------------------------------------------

static void check_target(struct check *check, entry_t entry, unsigned level, uaddr_t address) {
    const struct frame *frame = frame_of(entry & ENTRY_ADDRESS);
    if (frame == nullptr) {
        check_fail(check, "%lx points to no RAM: %lx", address, entry);
        return;
    }
    enum frame_state expected = FRAME_PAGE;
    unsigned expected_level = level;
    if (entry_is_table(entry, level) || ((entry & ENTRY_LARGE) && large_is_split(entry))) {
        expected = FRAME_TABLE;
        expected_level = level - 1;
    }
    if (entry & ENTRY_LARGE)
        frame = large_target(entry);
    uint32_t references = __c11_atomic_load(&frame->references, __ATOMIC_RELAXED);
    if (frame != zero_frame && (frame->state != expected || frame->level != expected_level))
        check_fail(check, "%lx points to a frame of state %u, level %u", address, frame->state,
                   frame->level);
    if ((entry & ENTRY_WRITE) && (references != 1 || frame != entry_frame(entry)))
        check_fail(check, "%lx is writable and has %u references", address, references);
}

static void check_entry(struct check *check, entry_t entry, unsigned level, uaddr_t address) {
    entry_t marks = entry_marks(entry);
    if ((marks & ENTRY_READ_ONLY) && (marks & ENTRY_WRITABLE))
        check_fail(check, "%lx is writable but came read-only: %lx", address, entry);
    if (!entry_present(entry)) {
        if (entry_absent(entry) > ABSENT_LANDING)
            check_fail(check, "%lx is of no kind: %lx", address, entry);
        return;
    }
    if ((entry & ENTRY_WRITE) && !(entry & ENTRY_WRITABLE))
        check_fail(check, "%lx is written without the right: %lx", address, entry);
    bool large = entry & ENTRY_LARGE;
    if (large && (large_level(entry) != level || entry & ENTRY_ADDRESS & (level_size(level) - 1)))
        check_fail(check, "%lx is no large page of level %u: %lx", address, level, entry);
    if ((!large && !(entry & ENTRY_USER)) || (entry & ENTRY_GLOBAL))
        check_fail(check, "%lx is not a program's: %lx", address, entry);
    if (large && (entry & ENTRY_USER) && entry_frame(entry)->dirty != 0)
        check_fail(check, "%lx is seen, but %u pages are not zeroed", address,
                   entry_frame(entry)->dirty);
    check_target(check, entry, level, address);
}

// --- one table -----------------------------------------------------------------------------------

static void check_sums(struct check *check, const struct frame *table, struct sums sums,
                       unsigned present, uaddr_t address) {
    if (table->sums[0] != sums.low || table->sums[1] != sums.high || table->present != present)
        check_fail(check,
                   "table of level %u at %lx: charge %u holes %u away %u pinned %u present %u, "
                   "counted %u %u %u %u %u",
                   table->level, address, table->charge, table->holes, table->away, table->pinned,
                   table->present, (uint32_t)sums.low, (uint32_t)(sums.low >> 32),
                   (uint32_t)sums.high, (uint32_t)(sums.high >> 32), present);
}

static void check_table(struct check *check, const struct frame *table, uaddr_t address,
                        entry_t all, entry_t any) {
    unsigned level = table->level, present = 0;
    unsigned entries = level == LEVELS ? ROOT_ENTRIES : TABLE_ENTRIES;
    struct sums sums = {SUM_CHARGE, 0};
    for (unsigned i = 0; i < entries; i++) {
        entry_t entry = entry_at(table, &table_cells(table)[i]);
        uaddr_t at = address + i * level_size(level);
        check_entry(check, entry, level, at);
        if (entry_present(entry) && (entry & ENTRY_LARGE) && !table->large)
            check_fail(check, "%lx is a large page in a table that does not know of any", at);
        if (entry_is_table(entry, level))
            check_table(check, entry_frame(entry), at, all & entry, any | entry);
        else if (entry_present(entry) && (entry & all & ENTRY_WRITABLE) &&
                 !((entry | any) & ENTRY_NO_EXECUTE))
            check_fail(check, "%lx is writable and executable", at);
        present += entry_present(entry);
        sums_accumulate(&sums, entry_sums(entry, level));
    }
    check_sums(check, table, sums, present, address);
}

// --- one space -----------------------------------------------------------------------------------

static void check_windows(struct check *check, struct space *space, unsigned level)
    REQUIRES(space->lock) {
    unsigned count = 0;
    struct path path = {};
    for (uaddr_t address = space->landing_first[level - 1]; address != 0; count++) {
        if (!path_find(space, address, level, &path) ||
            !entry_is(cell_load(path.cells), ABSENT_LANDING) ||
            entry_second(cell_load(path.cells)) == 0) {
            check_fail(check, "no window at %lx", address);
            return;
        }
        address = (entry_value(cell_load(path.cells))) << PAGE_BITS;
    }
    if (count > space->landing_windows[level - 1])
        check_fail(check, "%u free windows of level %u, %u prepared", count, level,
                   space->landing_windows[level - 1]);
}

// A way that was found holds still.
static void check_way(struct check *check, struct space *space, unsigned which)
    REQUIRES(space->lock) {
    struct path again, *way = &space->way[which];
    unsigned level = way->level;
    if (level == 0)
        return;
    if (!path_find(space, space->way_to[which], level, &again) || !(again.all & ENTRY_WRITE) ||
        ((way->all & ~again.all) | (again.any & ~way->any)) & ENTRY_MARKS ||
        memcmp(&again.table[level - 1], &way->table[level - 1],
               (LEVELS + 1 - level) * sizeof(way->table[0])) != 0)
        check_fail(check, "the way to %lx is another than was found", space->way_to[which]);
}

static void check_account(struct check *check, const struct account *account, uint64_t charge) {
    uint64_t used = __c11_atomic_load(&account->used, __ATOMIC_RELAXED);
    uint64_t objects = __c11_atomic_load(&account->objects, __ATOMIC_RELAXED);
    if (used != charge + objects)
        check_fail(check, "account uses %lu, its tables charge %lu and its objects %lu", used,
                   charge, objects);
    if (used > __c11_atomic_load(&account->limit, __ATOMIC_RELAXED))
        check_fail(check, "account uses %lu, more than its limit", used);
}

static void check_space(struct check *check, struct space *space) {
    spinlock_acquire(&space->lock);
    if (space->root != 0) {
        const struct frame *root = frame_number(space->root >> PAGE_BITS);
        check_table(check, root, 0, ~0ull, 0);
        check_way(check, space, WAY_OWN);
        check_way(check, space, WAY_THERE);
        for (unsigned level = 1; level <= LEVELS; level++)
            check_windows(check, space, level);
        check_account(check, space->account, root->charge);
    }
    spinlock_release(&space->lock);
}

unsigned space_check(struct space *space, char *text, size_t size) {
    struct check check = {0, text, size};
    check_space(&check, space);
    return check.errors;
}

// --- all spaces: references ----------------------------------------------------------------------

// Adds `change` to the references of all that the tables point to.
static void links_add(uint64_t first, uint64_t last, uint32_t change) {
    for (uint64_t number = first; number < last; number++) {
        const struct frame *table = frame_number(number);
        if (table->state != FRAME_TABLE || table->present == 0)
            continue; // one that was joined still holds what it had
        unsigned entries = table->level == LEVELS ? ROOT_ENTRIES : TABLE_ENTRIES;
        for (unsigned i = 0; i < entries; i++) {
            entry_t entry = cell_load(&table_cells(table)[i]);
            if (!entry_present(entry))
                continue;
            struct frame *target = entry & ENTRY_LARGE ? large_target(entry) : entry_frame(entry);
            __c11_atomic_fetch_add(&target->references, change, __ATOMIC_RELAXED);
        }
    }
}

static void links_remove_range(uint64_t first, uint64_t last, [[maybe_unused]] void *argument) {
    links_add(first, last, ~0u);
}

static void links_restore_range(uint64_t first, uint64_t last, [[maybe_unused]] void *argument) {
    links_add(first, last, 1);
}

// With the links taken away nothing is left, but a root keeps its space's reference.
static void check_rest_range(uint64_t first, uint64_t last, void *argument) {
    struct check *check = argument;
    for (uint64_t number = first; number < last; number++) {
        const struct frame *frame = frame_number(number);
        bool root = frame->state == FRAME_TABLE && frame->level == LEVELS;
        if (frame != zero_frame && frame->state != FRAME_TABLE && frame->state != FRAME_PAGE)
            continue;
        uint32_t expected = root || frame == zero_frame ? 1 : 0;
        uint32_t rest = __c11_atomic_load(&frame->references, __ATOMIC_RELAXED);
        if (rest != expected)
            check_fail(check, "frame %lx of state %u level %u has %d references more than links",
                       frame_address(frame), frame->state, frame->level, (int)(rest - expected));
    }
}

unsigned memory_check_all(struct space *const *spaces, unsigned count, char *text, size_t size) {
    struct check check = {0, text, size};
    for (unsigned i = 0; i < count; i++)
        check_space(&check, spaces[i]);
    if (check.errors != 0)
        return check.errors; // links may lead anywhere
    frames_each_range(links_remove_range, nullptr);
    frames_each_range(check_rest_range, &check);
    frames_each_range(links_restore_range, nullptr);
    return check.errors;
}
