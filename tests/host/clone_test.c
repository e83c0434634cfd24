// Parcels of levels 2 to 4: subtrees that are shared until somebody writes, copies of whole spaces,
// large trees freed in pieces; every allocation on the way failed in turn.
//
// sources: kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c
// sources: kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c kernel/memory/parcel.c
// sources: kernel/memory/pass.c kernel/memory/landing.c kernel/memory/fault.c kernel/memory/fork.c
// sources: kernel/memory/query.c kernel/debug/check_memory.c kernel/memory/tlb.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/sync/spinlock.c
// sources: tests/host/hal/machine.c tests/host/hal/spaces.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "memory/entry.h"
#include "spaces.h"
#include "test.h"

static constexpr uaddr_t GIGABYTE = 1 << 30, TERABYTE = 1ull << 40;
static constexpr uaddr_t PLACE = TERABYTE, COPY = 2 * TERABYTE, SLOTS = 0x7f0000000000;

static struct test_space a, b;
static struct test_space *const both[] = {&a, &b};

static parcel_t slots(uaddr_t address, unsigned level, uint64_t rights) {
    return parcel_make(address, level, 1, PARCEL_NONE, rights);
}

static void check(void) { CHECK_STRING(spaces_wrong(both, 2), ""); }

static void begin(void) {
    spaces_begin(both, 2);
    a.account.limit = b.account.limit = 1ull << 32;
}

static void end(void) { CHECK_STRING(spaces_end(both, 2), ""); }

static uint64_t value_at(struct test_space *space, uaddr_t address) {
    uint64_t value = ~0ull;
    CHECK(space_read(&space->space, address, &value));
    return value;
}

static uint64_t tables(void) {
    struct frame_counts counts;
    while (tables_free_one())
        ;
    frames_count(&counts);
    return counts.table;
}

// Entry of a level on the way to an address.
static entry_t entry_of(struct test_space *space, uaddr_t address, unsigned level) {
    const cell_t *cells = physical_to_virtual(space->space.root);
    for (unsigned i = LEVELS; i > level; i--)
        cells = physical_to_virtual(cell_load(&cells[address_index(address, i)]) & ENTRY_ADDRESS);
    return cell_load(&cells[address_index(address, level)]);
}

TEST(each_level_is_created_cloned_and_freed_by_one_entry) {
    machine_start(64, 1);
    for (unsigned level = 1; level <= LEVELS; level++) {
        begin();
        uint64_t before = a.account.used, last = level_size(level) - PAGE_SIZE;
        CHECK_EQ(memory_create(&a.space, slots(PLACE, level, PARCEL_WRITABLE), MEMORY_ZERO), OK);
        CHECK_EQ(a.account.used, before + level_charge(level) + (LEVELS - level));
        CHECK(space_write(&a.space, PLACE + last, level));
        CHECK_EQ(memory_clone(&a.space, slots(PLACE, level, 0), COPY), OK);
        CHECK_EQ(a.account.used, before + 2 * (level_charge(level) + (LEVELS - level)));
        check();
        CHECK_EQ(value_at(&a, COPY + last), level);
        CHECK(space_write(&a.space, COPY + last, 99));
        CHECK_EQ(value_at(&a, PLACE + last), level);
        check();
        CHECK_EQ(memory_free(&a.space, slots(PLACE, level, 0)), OK);
        CHECK_EQ(value_at(&a, COPY + last), 99);
        CHECK_EQ(memory_free(&a.space, slots(COPY, level, 0)), OK);
        CHECK_EQ(a.account.used, before + 2 * (LEVELS - level));
        end();
    }
}

TEST(a_write_breaks_one_way_once) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 3, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    for (unsigned i = 0; i < 4; i++)
        CHECK(space_write(&a.space, PLACE + i * PAGE_SIZE, i) &&
              space_write(&a.space, PLACE + (16 + i) * level_size(2), i));
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 3, 0), COPY), OK);
    uint64_t before = tables();
    CHECK(space_write(&a.space, COPY, 7));
    CHECK_EQ(tables(), before + 2);
    CHECK(space_write(&a.space, COPY + PAGE_SIZE, 8));
    CHECK_EQ(tables(), before + 2);
    CHECK(space_write(&a.space, COPY + 17 * level_size(2), 9));
    CHECK_EQ(tables(), before + 3);
    // The table that was broken off is the original's alone now: no copy any more, and the page
    // that the copy has left is written in place.
    paddr_t page = entry_of(&a, PLACE, 1) & ENTRY_ADDRESS;
    CHECK(space_write(&a.space, PLACE, 10));
    CHECK_EQ(entry_of(&a, PLACE, 1) & ENTRY_ADDRESS, page);
    CHECK_EQ(tables(), before + 3);
    CHECK_EQ(value_at(&a, COPY), 7);
    CHECK_EQ(value_at(&a, PLACE + PAGE_SIZE), 1);
    CHECK_EQ(value_at(&a, COPY + 2 * PAGE_SIZE), 2);
    check();
    end();
}

TEST(the_last_holder_writes_in_place) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 3, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK(space_write(&a.space, PLACE, 1));
    CHECK_EQ(parcel_move(&a.space, parcel_make(PLACE, 3, 1, PARCEL_CLONE, PARCEL_WRITABLE),
                         &b.space, COPY), OK);
    CHECK_EQ(memory_free(&a.space, slots(PLACE, 3, 0)), OK);
    uint64_t before = tables(), frames = machine_free();
    CHECK(space_write(&b.space, COPY, 2));
    CHECK(tables() == before && machine_free() == frames);
    check();
    end();
}

TEST(operations_below_a_shared_way_are_the_holders_own) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 3, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK(space_write(&a.space, PLACE, 5));
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 3, 0), COPY), OK);
    CHECK_EQ(memory_protect(&a.space, slots(COPY, 1, 0)), OK);
    CHECK(!space_write(&a.space, COPY, 1));
    CHECK(space_write(&a.space, PLACE, 6));
    CHECK_EQ(memory_free(&a.space, slots(COPY + PAGE_SIZE, 1, 0)), OK);
    CHECK_EQ(slot_prepare(&a.space, slots(COPY + PAGE_SIZE, 1, 0), 1), OK);
    CHECK(space_write(&a.space, PLACE + PAGE_SIZE, 7));
    check();
    // What is prepared below is pinned, in this copy alone.
    CHECK_EQ(memory_clone(&a.space, slots(COPY, 3, 0), COPY + GIGABYTE), ERR_BUSY);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 3, 0), COPY + GIGABYTE), OK);
    CHECK_EQ(parcel_mark(&a.space, parcel_make(COPY + GIGABYTE, 1, 1, PARCEL_LEND, 0)), OK);
    CHECK_EQ(memory_clone(&a.space, slots(COPY + GIGABYTE, 3, 0), COPY + 2 * GIGABYTE), ERR_BUSY);
    parcel_unmark(&a.space, parcel_make(COPY + GIGABYTE, 1, 1, PARCEL_LEND, 0));
    check();
    end();
}

// --- fork ----------------------------------------------------------------------------------------

TEST(a_space_is_forked_around_what_is_pinned) {
    static const struct acceptance nothing;
    parcel_t landed;
    uint64_t charge;
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 4, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(memory_create(&a.space, slots(COPY, 1, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    CHECK_EQ(memory_create(&a.space, slots(COPY + PAGE_SIZE, 1, 0), MEMORY_ZERO), OK);
    CHECK_EQ(slot_prepare(&a.space, slots(SLOTS, 1, 0), 1), OK);
    CHECK(space_write(&a.space, PLACE, 1) && space_write(&a.space, COPY, 2));
    parcel_t loan = parcel_make(COPY + PAGE_SIZE, 1, 1, PARCEL_LEND, 0);
    CHECK_EQ(parcel_pass(&a.space, loan, false, &a.space, &nothing, &landed, &charge), OK);
    CHECK_EQ(space_fork(&a.space, &b.space), OK);
    check();
    // Without the page lent, and the window's three tables.
    CHECK_EQ(b.account.used, a.account.used - 1 - 3);
    CHECK(value_at(&b, PLACE) == 1 && value_at(&b, COPY) == 2);
    uint64_t value;
    CHECK(!space_read(&b.space, COPY + PAGE_SIZE, &value) && !space_read(&b.space, SLOTS, &value));
    CHECK(space_write(&b.space, PLACE, 3) && space_write(&a.space, COPY, 4));
    CHECK(value_at(&a, PLACE) == 1 && value_at(&b, COPY) == 2);
    check();
    CHECK_EQ(space_fork(&a.space, &b.space), ERR_OCCUPIED);
    CHECK_EQ(space_fork(&a.space, &a.space), ERR_OCCUPIED);
    CHECK_EQ(parcel_return(&a.space, landed, &a.space, loan), OK);
    check();
    end();
}

// --- pages with a pager ------------------------------------------------------------------------

TEST(cookies_do_not_travel) {
    static const struct acceptance all = {.charge = 1 << 20, .flags = ACCEPT_HOLES};
    static constexpr parcel_t modes[] = {PARCEL_GIVE, PARCEL_LEND, PARCEL_CLONE};
    uint64_t pager = MEMORY_PAGER | 7 << MEMORY_COOKIE_SHIFT, charge, used;
    parcel_t landed;
    begin();
    CHECK_EQ(memory_create(&a.space, slots(COPY, 1, PARCEL_WRITABLE), pager), OK);
    CHECK_EQ(memory_create(&a.space, slots(COPY + PAGE_SIZE, 1, 0), MEMORY_PAGES), OK);
    CHECK_EQ(slot_prepare(&b.space, slots(SLOTS, 1, 0), 1), OK);
    used = a.account.used;
    for (unsigned i = 0; i < 3; i++) {
        uaddr_t root = COPY & ~((1ull << 39) - 1);
        parcel_t page = parcel_make(COPY, 1, 1, (enum parcel_mode)modes[i], 0);
        parcel_t table = parcel_make(root, 4, 1, (enum parcel_mode)modes[i], 0);
        CHECK_EQ(parcel_mark(&a.space, page), ERR_AWAY);
        CHECK_EQ(parcel_mark(&a.space, table), ERR_AWAY);
        CHECK_EQ(parcel_pass(&a.space, page, false, &b.space, &all, &landed, &charge), ERR_AWAY);
        if (modes[i] != PARCEL_LEND)
            CHECK_EQ(parcel_move(&a.space, page, &b.space, COPY), ERR_AWAY);
    }
    CHECK_EQ(memory_clone(&a.space, slots(COPY, 1, 0), PLACE), ERR_AWAY);
    check();
    CHECK_EQ(slot_release(&b.space, slots(SLOTS, 1, 0)), OK);
    CHECK_EQ(a.account.used, used);
    end();
}

TEST(a_fork_is_refused_while_a_cookie_is_there) {
    uint64_t pager = MEMORY_PAGER | 7 << MEMORY_COOKIE_SHIFT;
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 1, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    CHECK_EQ(memory_create(&a.space, slots(COPY, 1, PARCEL_WRITABLE), pager), OK);
    CHECK(space_write(&a.space, PLACE, 1));
    CHECK_EQ(space_fork(&a.space, &b.space), ERR_AWAY);
    CHECK_EQ(b.account.used, 1);
    check();
    CHECK_EQ(memory_free(&a.space, slots(COPY, 1, 0)), OK);
    CHECK_EQ(space_fork(&a.space, &b.space), OK);
    CHECK_EQ(value_at(&b, PLACE), 1);
    check();
    end();
}

// --- what can fail -------------------------------------------------------------------------------

static constexpr unsigned OPERATIONS = 8;

static status_t operation(unsigned which) {
    uint64_t cookie;
    switch (which) {
    case 0:
        return space_fork(&a.space, &b.space);
    case 1:
        return memory_protect(&a.space, slots(COPY, 1, 0));
    case 2:
        return memory_create(&a.space, slots(COPY + TERABYTE, 1, 0), MEMORY_ZERO);
    case 3:
        return slot_prepare(&a.space, slots(COPY + GIGABYTE / 2, 2, 0), 1);
    case 4:
        return memory_clone(&a.space, slots(COPY, 2, 0), COPY + TERABYTE);
    case 5:
        return parcel_move(&a.space, parcel_make(COPY, 2, 1, PARCEL_GIVE, 0), &b.space, PLACE);
    case 6:
        return memory_free(&a.space, slots(COPY + level_size(2), 2, 0));
    default:
        return space_fault(&a.space, COPY, ACCESS_WRITE, &cookie) == FAULT_RESOLVED ? OK
                                                                                    : ERR_NO_FRAME;
    }
}

static void shared_begin(void) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 3, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(memory_free(&a.space, slots(PLACE + GIGABYTE / 2, 2, 0)), OK);
    CHECK_EQ(slot_prepare(&a.space, slots(SLOTS, 1, 0), 1), OK);
    CHECK_EQ(memory_create(&a.space, slots(SLOTS + PAGE_SIZE, 1, 0), MEMORY_ZERO), OK);
    CHECK(space_write(&a.space, PLACE, 5));
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 3, 0), COPY), OK);
}

static void fail_each(unsigned which) {
    uint64_t used = a.account.used + b.account.used;
    status_t status = ERR_NO_FRAME;
    for (unsigned n = 1; status != OK && n < 20; n++) {
        frames_fail_at(n);
        status = operation(which);
        frames_fail_at(0);
        if (status == OK)
            break;
        CHECK_EQ(status, ERR_NO_FRAME);
        CHECK_EQ(a.account.used + b.account.used, used);
        CHECK_EQ(value_at(&a, PLACE), 5);
        check();
    }
    CHECK_EQ(status, OK);
}

TEST(a_failed_allocation_changes_nothing) {
    for (unsigned which = 0; which < OPERATIONS; which++) {
        shared_begin();
        fail_each(which);
        check();
        end();
    }
}

TEST(a_fork_is_paid_by_the_child) {
    shared_begin();
    b.account.limit = a.account.used - 1;
    CHECK_EQ(space_fork(&a.space, &b.space), ERR_NO_MEMORY);
    CHECK_EQ(b.account.used, 1);
    check();
    CHECK(space_write(&a.space, PLACE, 6));
    b.account.limit = a.account.used;
    CHECK_EQ(space_fork(&a.space, &b.space), OK);
    check();
    end();
}

// --- in pieces -----------------------------------------------------------------------------------

static status_t fill(unsigned group, unsigned level) {
    return memory_create(&a.space, slots(PLACE, level, 0),
                         MEMORY_FILL | group << MEMORY_GROUP_SHIFT);
}

TEST(large_memory_is_made_present_in_pieces) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 2, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    for (unsigned group = 0; group < TABLE_ENTRIES / MEMORY_GROUP; group++)
        CHECK_EQ(fill(group, 2), OK);
    CHECK_EQ(fill(TABLE_ENTRIES / MEMORY_GROUP, 2), ERR_BAD_ARGUMENT);
    CHECK_EQ(entry_frame(entry_of(&a, PLACE, 2))->present, TABLE_ENTRIES);
    CHECK_EQ(fill(10, 3), ERR_EMPTY);
    CHECK_EQ(memory_create(&a.space, slots(PLACE + level_size(2), 2, PARCEL_WRITABLE),
                           MEMORY_ZERO), OK);
    frames_fail_at(30);
    CHECK_EQ(fill(10, 3), ERR_NO_FRAME);
    frames_fail_at(0);
    check();
    end();
}

TEST(large_trees_are_freed_in_pieces_or_when_needed) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 3, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    for (unsigned i = 0; i < 100; i++)
        CHECK(space_write(&a.space, PLACE + i * level_size(2), i));
    struct frame_counts before, after;
    frames_count(&before);
    uint64_t used = a.account.used;
    CHECK_EQ(memory_free(&a.space, slots(PLACE, 3, 0)), OK);
    CHECK_EQ(a.account.used, used - level_charge(3));
    frames_count(&after);
    CHECK(before.table - after.table <= 2);
    check();
    // All that is there can be had.
    uint32_t list = 0;
    uint64_t count = 0;
    for (struct frame *frame; frame_allocate(0, FRAME_PAGE, &frame) == OK; count++) {
        frame->next = list;
        list = (uint32_t)number_of_frame(frame);
    }
    CHECK(!tables_free_one());
    CHECK(count >= before.free + before.zeroed + 200);
    while (list != 0) {
        struct frame *frame = frame_number(list);
        list = frame->next;
        frame_free(frame, 0);
    }
    end();
}
