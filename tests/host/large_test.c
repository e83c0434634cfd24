// Large pages: made, passed on, shared, split and joined; every allocation on the way failed in
// turn.
//
// sources: kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c
// sources: kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c kernel/memory/parcel.c
// sources: kernel/memory/pass.c kernel/memory/landing.c kernel/memory/fault.c kernel/memory/fork.c
// sources: kernel/memory/query.c kernel/debug/check_memory.c kernel/memory/tlb.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/sync/spinlock.c
// sources: kernel/memory/large.c kernel/memory/split.c kernel/debug/peek.c
// sources: tests/host/hal/machine.c tests/host/hal/spaces.c
// defines: BATON_DEBUG=1
#include "debug/peek.h"
#include "machine.h"
#include "memory/internal.h"
#include "memory/large.h"
#include "memory/tlb.h"
#include "spaces.h"
#include "test.h"

static constexpr uaddr_t SIZE = 2 << 20, TERABYTE = 1ull << 40;
static constexpr uaddr_t PLACE = TERABYTE, COPY = 2 * TERABYTE, THIRD = 3 * TERABYTE;

static struct test_space a, b;
static struct test_space *const both[] = {&a, &b};

static parcel_t slots(uaddr_t address, unsigned level, uint64_t rights) {
    return parcel_make(address, level, 1, PARCEL_NONE, rights);
}

static void check(void) { CHECK_STRING(spaces_wrong(both, 2), ""); }

static void begin(void) { spaces_begin(both, 2); }

static void end(void) { CHECK_STRING(spaces_end(both, 2), ""); }

static status_t fill(struct test_space *space, parcel_t parcel, unsigned group) {
    return memory_create(&space->space, parcel, MEMORY_FILL | group << MEMORY_GROUP_SHIFT);
}

// Makes large pages, and zeroes them if they can be written.
static status_t large(struct test_space *space, parcel_t parcel) {
    status_t status = memory_create(&space->space, parcel, MEMORY_LARGE);
    unsigned groups = parcel & PARCEL_WRITABLE
                          ? (unsigned)(parcel_size(parcel) / PAGE_SIZE / MEMORY_GROUP)
                          : 0;
    for (unsigned i = 0; i < groups && status == OK; i++)
        status = fill(space, parcel, i);
    return status;
}

static uint64_t value_at(struct test_space *space, uaddr_t address) {
    uint64_t value = ~0ull;
    CHECK(space_read(&space->space, address, &value));
    return value;
}

static struct frame *head_at(struct test_space *space, uaddr_t address) {
    struct path path;
    spinlock_acquire(&space->space.lock);
    CHECK(path_find(&space->space, address, 2, &path));
    spinlock_release(&space->space.lock);
    return entry_frame(cell_load(path.cells));
}

static void *kernel_page(struct test_space *space, uaddr_t address) {
    spinlock_acquire(&space->space.lock);
    void *page = space_page_locked(&space->space, address, false);
    spinlock_release(&space->space.lock);
    return page;
}

static unsigned level_at(struct test_space *space, uaddr_t address) {
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&space->space, address, &description, &charge), OK);
    return parcel_level(description);
}

TEST(a_large_page_is_one_entry_and_holds_zeros) {
    machine_start(2100, 1);
    begin();
    uint64_t before = a.account.used;
    CHECK_EQ(large(&a, parcel_make(PLACE, 2, 3, PARCEL_NONE, PARCEL_WRITABLE)), OK);
    CHECK_EQ(a.account.used, before + 3 * 513 + 2);
    for (uaddr_t at = 0; at < 3 * SIZE; at += PAGE_SIZE)
        CHECK_EQ(value_at(&a, PLACE + at + 8), 0);
    CHECK(space_write(&a.space, PLACE + SIZE + 0x5008, 7));
    CHECK_EQ(level_at(&a, PLACE + SIZE), 2);
    uint64_t value;
    CHECK(space_peek(&a.space, PLACE + SIZE + 0x5008, &value) && value == 7);
    check();
    CHECK_EQ(memory_free(&a.space, slots(PLACE + SIZE, 2, 0)), OK);
    check();
    end();
}

TEST(a_large_page_is_zeroed_piece_by_piece) {
    begin();
    uint64_t cookie, value;
    parcel_t parcel = slots(PLACE, 2, PARCEL_WRITABLE);
    CHECK_EQ(memory_create(&a.space, parcel, MEMORY_LARGE), OK);
    struct frame *head = head_at(&a, PLACE);
    CHECK_EQ(head->dirty, 512);
    CHECK_EQ(fill(&a, parcel, 8), ERR_BAD_ARGUMENT);
    CHECK_EQ(fill(&a, parcel, 3), OK);
    CHECK_EQ(head->dirty, 448);
    CHECK(space_translate(&a.space, PLACE + SIZE - 8, 0) == nullptr); // nobody sees it before
    CHECK(!space_peek(&a.space, PLACE, &value));
    CHECK(kernel_page(&a, PLACE) == nullptr);
    check();
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 2, 0), COPY), OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), false), ERR_BUSY);
    CHECK_EQ(memory_free(&a.space, slots(COPY + PAGE_SIZE, 1, 0)), ERR_BUSY);
    for (unsigned i = 0; i < 5; i++) // the kernel's look was one
        CHECK_EQ(space_fault(&a.space, i & 1 ? COPY : PLACE, i & ACCESS_WRITE, &cookie),
                 FAULT_ZEROING);
    head->dirty = ~0u; // another hart is at it
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &cookie), FAULT_ZEROING);
    check();
    head->dirty = 64;
    CHECK_EQ(space_fault(&a.space, COPY, 0, &cookie), FAULT_RESOLVED);
    CHECK_EQ(level_at(&a, COPY), 2);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), false), OK); // all of it is zeroed
    check();
    for (uaddr_t at = 0; at < SIZE; at += PAGE_SIZE)
        CHECK(value_at(&a, PLACE + at) == 0 && value_at(&a, COPY + at + 8) == 0);
    CHECK_EQ(memory_create(&a.space, slots(THIRD, 2, 0), MEMORY_LARGE), OK);
    CHECK_EQ(fill(&a, slots(THIRD, 2, 0), 0), ERR_EMPTY); // must be writable
    CHECK_EQ(memory_free(&a.space, slots(THIRD, 2, 0)), OK);
    end();
}

// Pages that are not zeroed, side by side in one table, are not joined.
TEST(what_is_not_zeroed_is_not_joined) {
    begin();
    for (uaddr_t at = PLACE; at < PLACE + 512 * SIZE; at += 256 * SIZE)
        CHECK_EQ(memory_create(&a.space, parcel_make(at, 2, 256, PARCEL_NONE, 0), MEMORY_LARGE),
                 OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 3, 0), true), ERR_NO_RUN);
    check();
    end();
}

TEST(what_cannot_be_made_is_refused_with_its_reason) {
    begin();
    uint64_t before = a.account.used;
    CHECK_EQ(large(&a, slots(PLACE, 1, 0)), ERR_PAGE_SIZE);
    a.account.limit = 1ull << 32;
    CHECK_EQ(large(&a, slots(PLACE, 4, 0)), ERR_PAGE_SIZE);
    machine_largest_page = 2;
    CHECK_EQ(large(&a, slots(PLACE, 3, 0)), ERR_PAGE_SIZE);
    machine_largest_page = 3;
    struct frame *other; // of the one block that is as large as that
    CHECK_EQ(frame_allocate(2 * ENTRY_BITS, FRAME_KERNEL, &other), OK);
    CHECK_EQ(large(&a, slots(PLACE, 3, 0)), ERR_NO_RUN);
    frame_free(other, 2 * ENTRY_BITS);
    CHECK_EQ(a.account.used, before);
    CHECK_EQ(large(&a, slots(PLACE + PAGE_SIZE, 2, 0)), ERR_BAD_SLOT);
    a.account.limit = before + 513;
    CHECK_EQ(large(&a, slots(PLACE, 2, 0)), ERR_NO_MEMORY);
    CHECK_EQ(a.account.used, before);
    a.account.limit = 1'000'000;
    CHECK_EQ(large(&a, slots(PLACE, 2, 0)), OK);
    CHECK_EQ(large(&a, slots(PLACE, 2, 0)), ERR_OCCUPIED);
    check();
    end();
}

TEST(a_write_to_a_shared_large_page_splits_it) {
    begin();
    CHECK_EQ(large(&a, slots(PLACE, 2, PARCEL_WRITABLE)), OK);
    CHECK(space_write(&a.space, PLACE + 0x3000, 1));
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 2, 0), COPY), OK);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 2, 0), THIRD), OK);
    check();
    CHECK(space_write(&a.space, COPY + 0x3000, 2));
    CHECK_EQ(level_at(&a, COPY), 1);
    CHECK_EQ(level_at(&a, PLACE), 2);
    check();
    CHECK(space_write(&a.space, COPY, 5));
    CHECK_EQ(value_at(&a, PLACE), 0);
    CHECK_EQ(memory_clone(&a.space, slots(THIRD, 2, 0), THIRD + SIZE), OK); // of what is split
    check();
    CHECK_EQ(memory_free(&a.space, slots(THIRD, 2, 0)), OK);
    CHECK_EQ(value_at(&a, THIRD + SIZE + 0x3000), 1);
    check();
    CHECK(space_write(&a.space, PLACE + 0x3000, 3));
    check();
    CHECK_EQ(memory_free(&a.space, slots(COPY, 2, 0)), OK);
    CHECK_EQ(memory_free(&a.space, slots(THIRD + SIZE, 2, 0)), OK);
    check();
    CHECK_EQ(value_at(&a, PLACE + 0x3000), 3);
    CHECK(space_write(&a.space, PLACE, 4));
    check();
    end();
}

TEST(the_last_holder_writes_in_place) {
    begin();
    CHECK_EQ(large(&a, slots(PLACE, 2, PARCEL_WRITABLE)), OK);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 2, 0), COPY), OK);
    CHECK_EQ(memory_free(&a.space, slots(COPY, 2, 0)), OK);
    CHECK(space_write(&a.space, PLACE + 0x3000, 1));
    CHECK_EQ(level_at(&a, PLACE), 2);
    check();
    end();
}

TEST(forked_large_pages_are_shared_and_split_in_each_space) {
    begin();
    CHECK_EQ(large(&a, parcel_make(PLACE, 2, 2, PARCEL_NONE, PARCEL_WRITABLE)), OK);
    CHECK(space_write(&a.space, PLACE, 1));
    CHECK_EQ(space_fork(&a.space, &b.space), OK);
    check();
    CHECK(space_write(&b.space, PLACE, 2));
    check();
    CHECK(space_write(&a.space, PLACE + 0x7000, 3));
    check();
    CHECK_EQ(value_at(&a, PLACE), 1);
    CHECK_EQ(value_at(&b, PLACE + 0x7000), 0);
    CHECK_EQ(level_at(&b, PLACE + SIZE), 2);
    end();
}

TEST(a_loan_of_a_large_page_comes_home) {
    begin();
    struct acceptance acceptance = {.charge = 1000};
    parcel_t landed;
    uint64_t charge;
    CHECK_EQ(slot_prepare(&b.space, slots(COPY, 2, 0), 1), OK);
    CHECK_EQ(large(&a, slots(PLACE, 2, PARCEL_WRITABLE)), OK);
    parcel_t home = parcel_make(PLACE, 2, 1, PARCEL_LEND, PARCEL_WRITABLE);
    CHECK_EQ(parcel_pass(&a.space, home, false, &b.space, &acceptance, &landed, &charge), OK);
    CHECK_EQ(charge, 513);
    CHECK(space_write(&b.space, COPY + 0x9000, 9));
    CHECK_EQ(memory_regroup(&b.space, slots(COPY, 2, 0), true), ERR_BAD_SLOT);
    CHECK_EQ(memory_regroup(&b.space, slots(COPY, 2, 0), false), OK);
    CHECK_EQ(memory_regroup(&b.space, slots(COPY, 2, 0), true), ERR_BUSY);
    check();
    CHECK_EQ(parcel_return(&b.space, landed, &a.space, home), OK);
    CHECK_EQ(value_at(&a, PLACE + 0x9000), 9);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), OK);
    CHECK_EQ(value_at(&a, PLACE + 0x9000), 9);
    check();
    parcel_t gift = parcel_make(PLACE, 2, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    CHECK_EQ(parcel_pass(&a.space, gift, false, &b.space, &acceptance, &landed, &charge), OK);
    CHECK_EQ(level_at(&b, COPY), 2);
    CHECK(space_write(&b.space, COPY, 1));
    check();
    end();
}

TEST(split_and_join_are_each_others_reverse) {
    begin();
    CHECK_EQ(large(&a, slots(PLACE, 2, PARCEL_WRITABLE)), OK);
    uint64_t used = a.account.used;
    CHECK(space_write(&a.space, PLACE + SIZE - 8, 1));
    parcel_t two = parcel_make(PLACE, 2, 2, PARCEL_NONE, 0);
    CHECK_EQ(memory_regroup(&a.space, two, false), ERR_BAD_ARGUMENT);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 1, 0), false), ERR_BAD_ARGUMENT);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE + SIZE, 2, 0), false), ERR_BAD_SLOT);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), false), OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), false), OK); // it is a table already
    CHECK_EQ(level_at(&a, PLACE), 1);
    check();
    CHECK_EQ(memory_protect(&a.space, slots(PLACE + 0x4000, 1, 0)), OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), ERR_NO_RUN);
    CHECK_EQ(memory_protect(&a.space, slots(PLACE + 0x4000, 1, PARCEL_WRITABLE)), OK);
    // It is not executable now.
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), ERR_NO_RUN);
    check();
    for (uaddr_t at = 0; at < SIZE; at += PAGE_SIZE)
        CHECK_EQ(memory_protect(&a.space, slots(PLACE + at, 1, PARCEL_WRITABLE)), OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), OK);
    CHECK_EQ(level_at(&a, PLACE), 2);
    CHECK_EQ(value_at(&a, PLACE + SIZE - 8), 1);
    CHECK(space_write(&a.space, PLACE, 2));
    CHECK_EQ(a.account.used, used);
    check();
    CHECK_EQ(memory_free(&a.space, slots(PLACE + 0x1000, 1, 0)), OK); // splits it again
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), ERR_NO_RUN);
    CHECK_EQ(memory_create(&a.space, slots(PLACE + 0x1000, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), ERR_NO_RUN);
    end();
}

TEST(frames_that_do_not_lie_together_are_not_joined) {
    begin();
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 2, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    for (uaddr_t at = SIZE; at != 0; at -= PAGE_SIZE)
        CHECK(space_write(&a.space, PLACE + at - PAGE_SIZE, at));
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), ERR_NO_RUN);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 2, 0), COPY), OK);
    CHECK_EQ(memory_regroup(&a.space, slots(PLACE, 2, 0), true), ERR_NO_RUN);
    check();
    end();
}

TEST(zero_entries_become_tables_but_not_the_reverse) {
    begin();
    for (unsigned level = 2; level <= LEVELS; level++) {
        uaddr_t place = PLACE + level * TERABYTE;
        a.account.limit = 1ull << 32;
        CHECK_EQ(memory_create(&a.space, slots(place, level, PARCEL_WRITABLE), MEMORY_ZERO), OK);
        uint64_t used = a.account.used;
        CHECK_EQ(memory_regroup(&a.space, slots(place, level, 0), true), ERR_BAD_SLOT);
        CHECK_EQ(memory_regroup(&a.space, slots(place, level, 0), false), OK);
        CHECK_EQ(level_at(&a, place), level - 1);
        CHECK_EQ(memory_regroup(&a.space, slots(place, level, 0), true), ERR_NO_RUN);
        CHECK_EQ(a.account.used, used);
        check();
    }
    end();
}

// Every allocation failed in turn, until none is met any more.
static void fail_each(status_t (*body)(void), status_t expected) {
    status_t status = ERR_NO_FRAME;
    for (unsigned n = 1; n < 20 && status != OK; n++) {
        frames_fail_at(n);
        status = body();
        frames_fail_at(0);
        CHECK(status == OK || status == ERR_NO_FRAME || status == expected);
        check();
    }
    CHECK_EQ(status, OK);
}

static status_t create_one(void) { return large(&a, slots(PLACE, 2, PARCEL_WRITABLE)); }
static status_t split_one(void) { return memory_regroup(&a.space, slots(PLACE, 2, 0), false); }
static status_t write_one(void) {
    uint64_t cookie;
    return space_fault(&b.space, PLACE, ACCESS_WRITE, &cookie) == FAULT_RESOLVED ? OK
                                                                                 : ERR_NO_FRAME;
}

TEST(a_failed_allocation_changes_nothing) {
    begin();
    fail_each(create_one, ERR_NO_RUN);
    CHECK_EQ(space_fork(&a.space, &b.space), OK);
    fail_each(write_one, ERR_NO_FRAME);
    fail_each(split_one, ERR_NO_FRAME);
    end();
}

TEST(one_gigabyte_is_split_level_by_level) {
    begin();
    CHECK_EQ(large(&a, slots(PLACE, 3, PARCEL_WRITABLE)), OK);
    CHECK_EQ(level_at(&a, PLACE), 3);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 3, 0), COPY), OK);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 3, 0), THIRD), OK);
    CHECK(space_write(&a.space, COPY, 1)); // the first frame heads pages of both levels
    CHECK_EQ(level_at(&a, COPY + SIZE), 2);
    check();
    CHECK(space_write(&a.space, PLACE + 0x1000, 2));
    check();
    CHECK_EQ(value_at(&a, THIRD), 0);
    CHECK_EQ(memory_free(&a.space, slots(COPY, 3, 0)), OK);
    while (tables_free_one())
        ;
    check();
    CHECK_EQ(memory_free(&a.space, slots(PLACE, 3, 0)), OK);
    while (tables_free_one())
        ;
    CHECK(space_write(&a.space, THIRD, 3));
    check();
    CHECK(space_write(&a.space, THIRD + 0x1000, 3));
    check();
    end();
}
