// Parcels between spaces: gifts, loans, clones, chains of loans, windows, marks, rights; flushes.
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
#include "spaces.h"
#include "test.h"

#include "memory/straight_pass.h"
#include "memory/tlb.h"

static constexpr uaddr_t PLACE = 0x40000000, LARGE = 0x40200000, SLOTS = 0x7f0000000000;

static struct test_space a, b, c;
static struct test_space *const all[] = {&a, &b, &c};
static const struct acceptance anything = {.charge = 100'000,
                                           .flags = ACCEPT_HOLES | ACCEPT_EXECUTABLE};
static parcel_t landed;
static uint64_t charge;

static parcel_t pages(uaddr_t address, unsigned count, enum parcel_mode mode, uint64_t rights) {
    return parcel_make(address, 1, count, mode, rights);
}

static parcel_t large(uaddr_t address, enum parcel_mode mode, uint64_t rights) {
    return parcel_make(address, 2, 1, mode, rights);
}

static status_t pass(struct test_space *from, parcel_t parcel, struct test_space *to) {
    return parcel_pass(&from->space, parcel, false, &to->space, &anything, &landed, &charge);
}

static status_t come_home(struct test_space *borrower, parcel_t there, struct test_space *lender,
                          parcel_t home) {
    return parcel_return(&borrower->space, there, &lender->space, home);
}

static uint64_t state(struct test_space *s, uaddr_t address) {
    uint64_t description, frames;
    CHECK_EQ(parcel_query(&s->space, address, &description, &frames), OK);
    return description >> 56;
}

static void check(void) { CHECK_STRING(spaces_wrong(all, 3), ""); }

// Each space: 8 writable pages with values, a table of them, windows at both levels.
static void begin(void) {
    spaces_begin(all, 3);
    for (unsigned i = 0; i < 3; i++) {
        struct space *s = &all[i]->space;
        CHECK_EQ(memory_create(s, pages(PLACE, 8, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES), OK);
        CHECK_EQ(memory_create(s, large(LARGE, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES), OK);
        CHECK_EQ(slot_prepare(s, pages(SLOTS, 4, PARCEL_NONE, 0), 1), OK);
        CHECK_EQ(slot_prepare(s, pages(SLOTS + 0x10000, 16, PARCEL_NONE, 0), 8), OK);
        CHECK_EQ(slot_prepare(s, parcel_make(SLOTS + 0x40000000, 2, 2, PARCEL_NONE, 0), 1), OK);
        for (unsigned page = 0; page < 8; page++)
            CHECK(space_write(s, PLACE + page * PAGE_SIZE, 100 * i + page));
    }
}

static void end(void) { CHECK_STRING(spaces_end(all, 3), ""); }

TEST(a_gift_moves_and_is_paid_by_the_receiver) {
    machine_start(64, 3);
    begin();
    uint64_t used_a = a.account.used, used_b = b.account.used, value;
    CHECK_EQ(pass(&a, pages(PLACE + 0x1000, 1, PARCEL_GIVE, PARCEL_WRITABLE), &b), OK);
    CHECK_EQ(landed, pages(SLOTS, 1, PARCEL_GIVE, PARCEL_WRITABLE));
    CHECK_EQ(charge, 1);
    CHECK_EQ(a.account.used, used_a - 1);
    CHECK_EQ(b.account.used, used_b + 1);
    CHECK(space_read(&b.space, SLOTS, &value) && value == 1);
    CHECK(space_write(&b.space, SLOTS, 2));
    CHECK(!space_read(&a.space, PLACE + 0x1000, &value));
    check();
    CHECK_EQ(pass(&a, pages(PLACE + 0x2000, 4, PARCEL_GIVE, 0), &b), OK);
    CHECK_EQ(landed, pages(SLOTS + 0x10000, 4, PARCEL_GIVE, 0));
    CHECK_EQ(state(&b, SLOTS + 0x14000), SLOT_EMPTY); // the window is dissolved
    CHECK(space_read(&b.space, SLOTS + 0x13000, &value) && value == 5);
    CHECK(!space_write(&b.space, SLOTS + 0x13000, 1));
    // What came read-only stays so, but may become executable.
    parcel_t slot = pages(SLOTS + 0x13000, 1, PARCEL_NONE, 0);
    CHECK_EQ(memory_protect(&b.space, slot | PARCEL_WRITABLE), ERR_NO_RIGHT);
    CHECK_EQ(memory_protect(&b.space, slot | PARCEL_EXECUTABLE), OK);
    CHECK_EQ(pass(&b, pages(SLOTS + 0x13000, 1, PARCEL_GIVE, PARCEL_WRITABLE), &c), ERR_NO_RIGHT);
    check();
    end();
}

TEST(a_table_is_given_by_its_entry) {
    begin();
    uint64_t used_a = a.account.used, used_b = b.account.used, value;
    CHECK(space_write(&a.space, LARGE + 0x123000, 99));
    CHECK_EQ(pass(&a, large(LARGE, PARCEL_GIVE, PARCEL_WRITABLE), &b), OK);
    CHECK_EQ(charge, 513);
    CHECK_EQ(a.account.used, used_a - 513);
    CHECK_EQ(b.account.used, used_b + 513);
    CHECK(space_read(&b.space, parcel_address(landed) + 0x123000, &value) && value == 99);
    CHECK(space_write(&b.space, parcel_address(landed) + 0x1000, 98));
    check();
    // A large ZERO travels too, and is touched where it lands.
    CHECK_EQ(memory_create(&a.space, large(LARGE, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(pass(&a, large(LARGE, PARCEL_LEND, PARCEL_WRITABLE), &c), OK);
    CHECK(space_write(&c.space, parcel_address(landed) + 0x5000, 97));
    check();
    CHECK_EQ(come_home(&c, landed, &a, large(LARGE, PARCEL_LEND, 0)), OK);
    CHECK(space_read(&a.space, LARGE + 0x5000, &value) && value == 97);
    check();
    end();
}

TEST(a_clone_is_given_and_both_write) {
    begin();
    uint64_t used_b = b.account.used, value;
    CHECK_EQ(pass(&a, pages(PLACE, 8, PARCEL_CLONE, 0), &b), OK);
    uaddr_t there = parcel_address(landed);
    CHECK_EQ(b.account.used, used_b + 8);
    CHECK(space_write(&a.space, PLACE, 55));
    CHECK(space_read(&b.space, there, &value) && value == 0);
    CHECK(!space_write(&b.space, there, 1));
    // A clone is the holder's own copy: it may be made writable.
    CHECK_EQ(memory_protect(&b.space, pages(there, 8, PARCEL_NONE, PARCEL_WRITABLE)), OK);
    CHECK(space_write(&b.space, there + 0x1000, 66));
    CHECK(space_read(&a.space, PLACE + 0x1000, &value) && value == 1);
    CHECK_EQ(pass(&a, large(LARGE, PARCEL_CLONE, PARCEL_WRITABLE), &b), OK);
    CHECK(space_write(&a.space, LARGE, 77));
    CHECK(space_read(&b.space, parcel_address(landed), &value) && value == 0);
    check();
    end();
}

// --- loans ---------------------------------------------------------------------------------------

TEST(a_loan_comes_home) {
    begin();
    uint64_t used_a = a.account.used, used_b = b.account.used, value, cookie;
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, 0);
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(landed, pages(SLOTS, 1, PARCEL_LEND, 0));
    CHECK_EQ(charge, 1);
    CHECK_EQ(a.account.used, used_a);
    CHECK_EQ(b.account.used, used_b);
    CHECK(space_read(&b.space, SLOTS, &value) && value == 0);
    CHECK(!space_write(&b.space, SLOTS, 1));
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &cookie), FAULT_LENT);
    CHECK_EQ(state(&a, PLACE), SLOT_LENT);
    CHECK_EQ(state(&b, SLOTS), SLOT_BORROWED);
    check();
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    CHECK(space_write(&a.space, PLACE, 9));
    CHECK_EQ(state(&b, SLOTS), SLOT_LANDING);
    check();
    home |= PARCEL_WRITABLE;
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(parcel_address(landed), SLOTS); // the one that was used last
    CHECK(space_write(&b.space, SLOTS, 10));
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    CHECK(space_read(&a.space, PLACE, &value) && value == 10);
    check();
    end();
}

TEST(windows_are_used_in_order_and_again) {
    begin();
    static const uaddr_t order[] = {SLOTS, SLOTS + 0x1000, SLOTS + 0x2000, SLOTS + 0x3000,
                                    SLOTS + 0x10000, SLOTS + 0x18000};
    parcel_t there[6];
    for (unsigned i = 0; i < 6; i++) {
        CHECK_EQ(pass(&a, pages(PLACE + i * PAGE_SIZE, 1, PARCEL_LEND, 0), &b), OK);
        CHECK_EQ(parcel_address(landed), order[i]);
        there[i] = landed;
        check();
    }
    CHECK_EQ(pass(&a, pages(PLACE + 0x6000, 1, PARCEL_LEND, 0), &b), ERR_NO_SLOT);
    CHECK_EQ(slot_release(&b.space, pages(SLOTS, 1, PARCEL_NONE, 0)), ERR_EMPTY);
    CHECK_EQ(slot_release(&b.space, pages(SLOTS + 0x11000, 7, PARCEL_NONE, 0)), ERR_EMPTY);
    CHECK_EQ(memory_free(&b.space, pages(SLOTS + 0x11000, 7, PARCEL_NONE, 0)), ERR_BUSY);
    for (unsigned i = 6; i-- > 0;) {
        CHECK_EQ(come_home(&b, there[i], &a, pages(PLACE + i * PAGE_SIZE, 1, PARCEL_LEND, 0)), OK);
        check();
    }
    CHECK_EQ(pass(&a, pages(PLACE, 8, PARCEL_LEND, 0), &b), OK);
    CHECK_EQ(parcel_address(landed), SLOTS + 0x10000); // came home last of the large ones
    CHECK_EQ(come_home(&b, landed, &a, pages(PLACE, 8, PARCEL_LEND, 0)), OK);
    check();
    CHECK_EQ(slot_release(&b.space, pages(SLOTS + 0x10000, 16, PARCEL_NONE, 0)), OK);
    CHECK_EQ(pass(&a, pages(PLACE, 2, PARCEL_LEND, 0), &b), ERR_NO_SLOT);
    check();
    end();
}

// The straight ways and the general ones leave the same behind.
TEST(a_page_is_lent_straight_through) {
    begin();
    struct page_loan loan;
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, PARCEL_WRITABLE), there;
    uint64_t value;
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    for (unsigned i = 0; i < 4; i++) {
        CHECK(straight_pass(&a.space, home, &b.space, 0, 1, &loan, &there, &charge));
        CHECK_EQ(there, pages(SLOTS, 1, PARCEL_LEND, PARCEL_WRITABLE));
        CHECK_EQ(state(&a, PLACE), SLOT_LENT);
        CHECK_EQ(state(&b, SLOTS), SLOT_BORROWED);
        check();
        CHECK(space_write(&b.space, SLOTS, 200 + i));
        if (i % 2 == 0)
            CHECK(page_return(&b.space, there, &a.space, home, &loan));
        else
            CHECK_EQ(come_home(&b, there, &a, home), OK);
        CHECK(space_read(&a.space, PLACE, &value) && value == 200 + i);
        check();
    }
    end();
}

TEST(an_entry_is_given_straight_through) {
    begin();
    uint64_t value, before = b.account.used;
    parcel_t there, gift = pages(PLACE, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    CHECK(space_write(&a.space, PLACE, 7));
    // More than it accepts.
    CHECK(!straight_pass(&a.space, gift, &b.space, 0, 1, nullptr, &there, &charge));
    CHECK(!straight_pass(&a.space, gift, &a.space, 8, 1, nullptr, &there, &charge));
    CHECK(straight_pass(&a.space, gift, &b.space, 8, 1, nullptr, &there, &charge));
    check();
    CHECK_EQ(charge, 1);
    CHECK_EQ(b.account.used, before + 1);
    CHECK_EQ(there, pages(SLOTS, 1, PARCEL_GIVE, PARCEL_WRITABLE));
    CHECK_EQ(state(&a, PLACE), SLOT_EMPTY);
    CHECK(space_read(&b.space, SLOTS, &value) && value == 7);
    // Nothing is there now.
    CHECK(!straight_pass(&a.space, gift, &b.space, 8, 1, nullptr, &there, &charge));
    b.account.limit = b.account.used;
    CHECK(!straight_pass(&a.space, pages(PLACE + PAGE_SIZE, 1, PARCEL_GIVE, 0),
                         &b.space, 8, 1, nullptr, &there, &charge));
    b.account.limit = 1ull << 40;
    check();
    // What does not fill its window leaves the rest empty.
    for (unsigned i = 1; i < 5; i++)
        CHECK(straight_pass(&a.space, pages(PLACE + i * PAGE_SIZE, 1, PARCEL_GIVE, 0),
                            &b.space, 8, 1, nullptr, &there, &charge));
    CHECK_EQ(there, pages(SLOTS + 0x10000, 1, PARCEL_GIVE, 0));
    CHECK_EQ(state(&b, SLOTS + 0x11000), SLOT_EMPTY);
    CHECK(!space_write(&b.space, SLOTS + 0x10000, 1));
    check();
    end();
}

TEST(a_table_is_given_straight_through) {
    begin();
    uint64_t value;
    parcel_t there, gift = large(LARGE, PARCEL_GIVE, PARCEL_WRITABLE);
    parcel_t page = pages(LARGE + 0x3000, 1, PARCEL_NONE, 0);
    CHECK(space_write(&a.space, LARGE + 0x3000, 6));
    CHECK(space_write(&a.space, LARGE + 0x5000, 7));
    CHECK_EQ(memory_free(&a.space, page), OK); // the way to it is known now
    CHECK(!straight_pass(&a.space, gift, &b.space, 600, 2, nullptr, &there, &charge)); // a hole
    CHECK_EQ(memory_create(&a.space, page | PARCEL_WRITABLE, MEMORY_PAGES), OK);
    CHECK(!straight_pass(&a.space, gift + PAGE_SIZE, &b.space, 600, 2, nullptr, &there, &charge));
    CHECK(straight_pass(&a.space, gift, &b.space, 600, 2, nullptr, &there, &charge));
    check();
    CHECK_EQ(charge, 513);
    CHECK(space_read(&b.space, parcel_address(there) + 0x5000, &value) && value == 7);
    CHECK_EQ(memory_free(&a.space, page), ERR_BAD_SLOT); // by that way no longer
    CHECK_EQ(memory_create(&a.space, page, MEMORY_PAGES), OK);
    CHECK_EQ(memory_free(&b.space, large(parcel_address(there), PARCEL_NONE, 0)), OK);
    check();
    end();
}

TEST(what_is_unusual_is_not_lent_straight_through) {
    begin();
    struct page_loan loan;
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, PARCEL_WRITABLE), there;
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    CHECK(!straight_pass(&a.space, pages(PLACE + 0x9000, 1, PARCEL_LEND, 0),
                         &b.space, 0, 1, &loan, &there, &charge));
    CHECK(!straight_pass(&a.space, pages(0x50000000, 1, PARCEL_LEND, 0),
                         &b.space, 0, 1, &loan, &there, &charge));
    CHECK(!straight_pass(&a.space, home, &a.space, 0, 1, &loan, &there, &charge));
    CHECK_EQ(parcel_mark(&a.space, home), OK);
    CHECK(!straight_pass(&a.space, home, &b.space, 0, 1, &loan, &there, &charge));
    parcel_unmark(&a.space, home);
    check();
    // A borrower's own copy, or a loan that is lent on, does not come home as it went.
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, PARCEL_NONE, 0), PLACE + 0x10000), OK);
    CHECK(straight_pass(&a.space, home, &b.space, 0, 1, &loan, &there, &charge));
    CHECK(space_write(&b.space, SLOTS, 5));
    CHECK(!page_return(&b.space, there, &a.space, home, &loan));
    CHECK_EQ(come_home(&b, there, &a, home), OK);
    CHECK(straight_pass(&a.space, home, &b.space, 0, 1, &loan, &there, &charge));
    CHECK_EQ(pass(&b, pages(SLOTS, 1, PARCEL_LEND, 0), &c), OK);
    CHECK(!page_return(&b.space, there, &a.space, home, &loan));
    CHECK_EQ(come_home(&c, landed, &b, pages(SLOTS, 1, PARCEL_LEND, 0)), OK);
    CHECK(page_return(&b.space, there, &a.space, home, &loan));
    check();
    end();
}

TEST(what_is_borrowed_is_only_lent_on) {
    begin();
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, PARCEL_WRITABLE), at_b, at_c;
    uint64_t value;
    CHECK_EQ(pass(&a, home, &b), OK);
    at_b = landed;
    uaddr_t slot = parcel_address(at_b);
    CHECK_EQ(pass(&b, pages(slot, 1, PARCEL_GIVE, 0), &c), ERR_BUSY);
    CHECK_EQ(pass(&b, pages(slot, 1, PARCEL_CLONE, 0), &c), ERR_BUSY);
    CHECK_EQ(memory_free(&b.space, pages(slot, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_clone(&b.space, pages(slot, 1, PARCEL_NONE, 0), PLACE + 0x10000), ERR_BUSY);
    CHECK_EQ(memory_protect(&b.space, pages(slot, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(parcel_move(&b.space, pages(slot, 1, PARCEL_GIVE, 0), &b.space, PLACE + 0x10000),
             ERR_BUSY);
    CHECK_EQ(pass(&a, pages(PLACE, 1, PARCEL_GIVE, 0), &c), ERR_AWAY);
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK(!parcel_lent_on(&b.space, at_b));

    parcel_t on = pages(slot, 1, PARCEL_LEND, PARCEL_WRITABLE);
    CHECK_EQ(pass(&b, on, &c), OK);
    at_c = landed;
    CHECK_EQ(charge, 0); // a is charged
    check();
    CHECK(parcel_lent_on(&b.space, at_b));
    CHECK_EQ(come_home(&b, at_b, &a, home), ERR_BUSY);
    CHECK(space_write(&c.space, parcel_address(at_c), 123));
    CHECK_EQ(come_home(&c, at_c, &b, on), OK);
    CHECK_EQ(come_home(&b, at_b, &a, home), OK);
    CHECK(space_read(&a.space, PLACE, &value) && value == 123);
    check();
    end();
}

TEST(a_page_of_a_borrowed_table_is_lent_on) {
    begin();
    parcel_t home = large(LARGE, PARCEL_LEND, 0), at_b, at_c;
    CHECK_EQ(pass(&a, home, &b), OK);
    at_b = landed;
    uaddr_t page = parcel_address(at_b) + 0x4000;
    CHECK_EQ(memory_free(&b.space, pages(page, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_protect(&b.space, pages(page, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(pass(&b, pages(page, 1, PARCEL_GIVE, 0), &c), ERR_BUSY);
    CHECK_EQ(pass(&b, pages(page, 1, PARCEL_LEND, PARCEL_WRITABLE), &c), ERR_NO_RIGHT);
    CHECK_EQ(pass(&b, pages(page, 1, PARCEL_LEND, 0), &c), OK);
    at_c = landed;
    check();
    CHECK_EQ(come_home(&b, at_b, &a, home), ERR_BUSY);
    CHECK_EQ(pass(&b, large(parcel_address(at_b), PARCEL_LEND, 0), &c), ERR_AWAY);
    CHECK_EQ(come_home(&c, at_c, &b, pages(page, 1, PARCEL_LEND, 0)), OK);
    CHECK_EQ(come_home(&b, at_b, &a, home), OK);
    CHECK(space_write(&a.space, LARGE + 0x4000, 1));
    check();
    end();
}

// A loan comes home with the entry that the borrower's slot holds then.
TEST(a_write_to_a_writable_loan_breaks_there_and_comes_home) {
    begin();
    uint64_t value;
    parcel_t home = pages(PLACE, 2, PARCEL_LEND, PARCEL_WRITABLE);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 2, PARCEL_NONE, 0), PLACE + 0x20000), OK);
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK(space_write(&b.space, parcel_address(landed) + 0x1000, 321));
    check();
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    CHECK(space_read(&a.space, PLACE + 0x1000, &value) && value == 321);
    CHECK(space_read(&a.space, PLACE + 0x21000, &value) && value == 1);
    CHECK(space_write(&a.space, PLACE, 5));
    CHECK(space_read(&a.space, PLACE + 0x20000, &value) && value == 0);
    check();
    end();
}

TEST(zeros_and_holes_are_lent) {
    begin();
    uint64_t value, cookie;
    CHECK_EQ(memory_free(&a.space, pages(PLACE + 0x1000, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(memory_free(&a.space, pages(PLACE + 0x2000, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 0x2000, 1, PARCEL_NONE, PARCEL_WRITABLE),
                           MEMORY_ZERO), OK);
    parcel_t home = pages(PLACE, 3, PARCEL_LEND, PARCEL_WRITABLE);
    struct acceptance solid = {.charge = 100};
    CHECK_EQ(parcel_pass(&a.space, home, false, &b.space, &solid, &landed, &charge), ERR_EMPTY);
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(landed, pages(SLOTS + 0x10000, 3, PARCEL_LEND, PARCEL_WRITABLE | PARCEL_HOLES));
    check();
    uaddr_t there = parcel_address(landed);
    CHECK_EQ(space_fault(&b.space, there + 0x1000, 0, &cookie), FAULT_EMPTY);
    CHECK_EQ(memory_create(&b.space, pages(there + 0x1000, 1, PARCEL_NONE, 0), MEMORY_ZERO),
             ERR_OCCUPIED);
    CHECK(space_read(&b.space, there + 0x2000, &value) && value == 0);
    CHECK(space_write(&b.space, there + 0x2000, 77));
    check();
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    CHECK(space_read(&a.space, PLACE + 0x2000, &value) && value == 77);
    CHECK_EQ(state(&a, PLACE + 0x1000), SLOT_EMPTY);
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 0x1000, 1, PARCEL_NONE, 0), MEMORY_ZERO), OK);
    check();
    end();
}

// --- marks ---------------------------------------------------------------------------------------

TEST(what_is_in_flight_stays_until_accepted) {
    begin();
    uint64_t value;
    parcel_t gift = pages(PLACE, 2, PARCEL_GIVE, PARCEL_WRITABLE);
    CHECK_EQ(memory_free(&a.space, pages(PLACE + 0x1000, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 0x1000, 1, PARCEL_NONE, PARCEL_WRITABLE),
                           MEMORY_ZERO), OK);
    CHECK_EQ(parcel_mark(&a.space, gift), OK);
    check();
    CHECK_EQ(parcel_mark(&a.space, gift), ERR_BUSY);
    CHECK_EQ(pass(&a, gift, &b), ERR_BUSY);
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_free(&a.space, large(PLACE, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, PARCEL_NONE, 0), PLACE + 0x10000), ERR_BUSY);
    CHECK(space_write(&a.space, PLACE, 1000));          // touched it can be
    CHECK(space_write(&a.space, PLACE + 0x1000, 1001));
    check();
    parcel_unmark(&a.space, gift);
    check();
    CHECK_EQ(parcel_mark(&a.space, gift), OK);
    struct acceptance nothing = {};
    CHECK_EQ(parcel_pass(&a.space, gift, true, &b.space, &nothing, &landed, &charge), ERR_NO_SLOT);
    check();
    CHECK_EQ(parcel_pass(&a.space, gift, true, &b.space, &anything, &landed, &charge), OK);
    CHECK(space_read(&b.space, parcel_address(landed) + 0x1000, &value) && value == 1001);
    check();
    // All modes, marked.
    parcel_t clone = pages(PLACE + 0x2000, 2, PARCEL_CLONE, 0);
    CHECK_EQ(parcel_mark(&a.space, clone), OK);
    CHECK_EQ(parcel_pass(&a.space, clone, true, &b.space, &anything, &landed, &charge), OK);
    check();
    parcel_t loan = pages(PLACE + 0x2000, 1, PARCEL_LEND, 0);
    CHECK_EQ(parcel_mark(&a.space, loan), OK);
    CHECK_EQ(parcel_pass(&a.space, loan, true, &b.space, &anything, &landed, &charge), OK);
    check();
    CHECK_EQ(come_home(&b, landed, &a, loan), OK);
    CHECK(space_write(&a.space, PLACE + 0x2000, 3));
    check();
    end();
}

TEST(a_marked_table_and_its_pages) {
    begin();
    parcel_t gift = large(LARGE, PARCEL_GIVE, PARCEL_WRITABLE);
    CHECK_EQ(parcel_mark(&a.space, gift), OK);
    CHECK_EQ(pass(&a, pages(LARGE, 1, PARCEL_LEND, 0), &b), ERR_BUSY);
    CHECK_EQ(memory_free(&a.space, pages(LARGE, 1, PARCEL_NONE, 0)), ERR_BUSY);
    CHECK_EQ(memory_create(&a.space, pages(LARGE, 1, PARCEL_NONE, 0), MEMORY_ZERO), ERR_BUSY);
    CHECK(space_write(&a.space, LARGE, 1));
    parcel_unmark(&a.space, gift);
    CHECK_EQ(parcel_mark(&a.space, pages(LARGE, 1, PARCEL_LEND, 0)), OK);
    CHECK_EQ(parcel_mark(&a.space, gift), ERR_BUSY);
    CHECK_EQ(parcel_mark(&a.space, pages(LARGE + 0x1000, 3, PARCEL_LEND, 0)), OK);
    check();
    parcel_unmark(&a.space, pages(LARGE + 0x1000, 3, PARCEL_LEND, 0));
    parcel_unmark(&a.space, pages(LARGE, 1, PARCEL_LEND, 0));
    check();
    end();
}

TEST(a_lent_on_loan_can_wait_in_a_queue) {
    begin();
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, 0);
    CHECK_EQ(pass(&a, home, &b), OK);
    parcel_t at_b = landed, on = pages(parcel_address(landed), 1, PARCEL_LEND, 0);
    CHECK_EQ(parcel_mark(&b.space, on), OK);
    check();
    CHECK(parcel_lent_on(&b.space, at_b));
    CHECK_EQ(come_home(&b, at_b, &a, home), ERR_BUSY);
    parcel_unmark(&b.space, on);
    CHECK_EQ(come_home(&b, at_b, &a, home), OK);
    check();
    end();
}

// --- refusals ------------------------------------------------------------------------------------

TEST(parcels_are_refused_whole) {
    begin();
    uint64_t used_a = a.account.used, used_b = b.account.used;
    struct acceptance little = {.charge = 2};
    parcel_t gift = pages(PLACE, 3, PARCEL_GIVE, 0);
    CHECK_EQ(parcel_pass(&a.space, gift, false, &b.space, &little, &landed, &charge), ERR_NO_SLOT);
    b.account.limit = used_b + 2;
    CHECK_EQ(pass(&a, gift, &b), ERR_NO_MEMORY);
    CHECK_EQ(pass(&a, pages(PLACE, 3, PARCEL_CLONE, 0), &b), ERR_NO_MEMORY);
    CHECK_EQ(pass(&a, pages(PLACE, 3, PARCEL_LEND, 0), &b), OK); // costs nothing
    CHECK_EQ(come_home(&b, landed, &a, pages(PLACE, 3, PARCEL_LEND, 0)), OK);
    b.account.limit = 100'000;
    const struct {
        parcel_t parcel;
        status_t status;
    } cases[] = {
        {pages(PLACE, 3, PARCEL_NONE, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, (enum parcel_mode)4, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, (enum parcel_mode)7, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, PARCEL_GIVE, PARCEL_HOLES), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, PARCEL_GIVE, PARCEL_WRITABLE | PARCEL_EXECUTABLE), ERR_NO_RIGHT},
        {pages(0, 3, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {pages(0x123456789000, 3, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {pages(PLACE + 0x100000, 3, PARCEL_GIVE, 0), ERR_EMPTY},
        {pages(SLOTS, 1, PARCEL_GIVE, 0), ERR_EMPTY},
        {parcel_make(LARGE, 3, 1, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {large(PLACE + 0x1000, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {parcel_make(SLOTS, 2, 1, PARCEL_GIVE, 0), ERR_BUSY},
        {pages(PLACE, 9, PARCEL_LEND, 0), ERR_NO_SLOT},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(pass(&a, cases[i].parcel, &b), cases[i].status);
        if (cases[i].status != ERR_NO_SLOT)
            CHECK_EQ(parcel_mark(&a.space, cases[i].parcel), cases[i].status);
    }
    CHECK_EQ(a.account.used, used_a);
    CHECK_EQ(b.account.used, used_b);
    check();
    end();
}

TEST(execution_needs_both_sides) {
    begin();
    struct acceptance data_only = {.charge = 100};
    parcel_t gift = pages(PLACE, 1, PARCEL_GIVE, PARCEL_EXECUTABLE);
    CHECK_EQ(parcel_pass(&a.space, gift, false, &b.space, &data_only, &landed, &charge), OK);
    CHECK_EQ(landed & PARCEL_EXECUTABLE, 0);
    CHECK(!space_execute(&b.space, parcel_address(landed)));
    CHECK_EQ(pass(&a, pages(PLACE + 0x1000, 1, PARCEL_GIVE, PARCEL_EXECUTABLE), &b), OK);
    CHECK_EQ(landed & PARCEL_EXECUTABLE, PARCEL_EXECUTABLE);
    CHECK(space_execute(&b.space, parcel_address(landed)));
    CHECK(!space_write(&b.space, parcel_address(landed), 1));
    check();
    end();
}

TEST(one_can_send_to_oneself) {
    begin();
    uint64_t used_a = a.account.used, value;
    CHECK_EQ(pass(&a, pages(PLACE, 1, PARCEL_GIVE, PARCEL_WRITABLE), &a), OK);
    CHECK_EQ(a.account.used, used_a);
    CHECK(space_read(&a.space, parcel_address(landed), &value) && value == 0);
    check();
    parcel_t home = pages(PLACE + 0x1000, 1, PARCEL_LEND, 0);
    CHECK_EQ(pass(&a, home, &a), OK);
    check();
    CHECK_EQ(come_home(&a, landed, &a, home), OK);
    check();
    end();
}

// --- without a message ---------------------------------------------------------------------------

TEST(parcels_move_into_a_space_that_one_fills) {
    begin();
    uint64_t value, used_a = a.account.used, used_b = b.account.used;
    CHECK_EQ(parcel_move(&a.space, pages(PLACE, 2, PARCEL_GIVE, PARCEL_WRITABLE), &b.space,
                         0x1'00000000), OK);
    CHECK_EQ(a.account.used, used_a - 2);
    CHECK_EQ(b.account.used, used_b + 2 + 2); // two tables
    CHECK(space_write(&b.space, 0x1'00001000, 4));
    check();
    // A read-only clone of a clone becomes text, and another one data.
    CHECK_EQ(pass(&c, pages(PLACE, 2, PARCEL_CLONE, 0), &a), OK);
    uaddr_t file = parcel_address(landed);
    CHECK_EQ(parcel_move(&a.space, pages(file, 1, PARCEL_CLONE, PARCEL_EXECUTABLE), &b.space,
                         0x1'00002000), OK);
    CHECK_EQ(parcel_move(&a.space, pages(file + 0x1000, 1, PARCEL_GIVE, PARCEL_WRITABLE), &b.space,
                         0x1'00003000), OK);
    CHECK(space_execute(&b.space, 0x1'00002000));
    CHECK(space_write(&b.space, 0x1'00003000, 5));
    CHECK(space_read(&c.space, PLACE + 0x1000, &value) && value == 201);
    check();
    CHECK_EQ(parcel_move(&a.space, large(LARGE, PARCEL_GIVE, PARCEL_WRITABLE), &b.space,
                         0x1'40000000), OK);
    CHECK(space_write(&b.space, 0x1'40005000, 5));
    check();
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_LEND, 0), &b.space, 0x2'0000'0000),
             ERR_BAD_ARGUMENT);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 5), ERR_BAD_SLOT);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 0x1'00000000),
             ERR_OCCUPIED);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE + 0x7000, 2, PARCEL_GIVE, 0), &b.space,
                         0x2'0000'0000), ERR_EMPTY);
    b.account.limit = b.account.used + 1;
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 2, PARCEL_GIVE, 0), &b.space, 0x2'0000'0000),
             ERR_NO_MEMORY);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 0x2'0000'0000),
             ERR_NO_MEMORY);
    b.account.limit = 100'000;
    frames_fail_at(2);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 0x2'0000'0000),
             ERR_NO_FRAME);
    frames_fail_at(0);
    check();
    end();
}

// --- flushes -------------------------------------------------------------------------------------

static unsigned page_flushes[3], loads[3];

static void on_page(unsigned hart, uint64_t address) {
    (void)address;
    page_flushes[hart]++;
}

static void on_load(unsigned hart) { loads[hart]++; }

TEST(a_blocked_lender_pays_no_flush) {
    begin();
    machine_enter(&a.space);
    machine_page_flushed = on_page;
    machine_space_loaded = on_load;
    memset(loads, 0, sizeof(loads));
    memset(page_flushes, 0, sizeof(page_flushes));
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, 0);
    uint64_t ipis = hart_self()->counters.flush_ipis;
    CHECK_EQ(pass(&a, home, &b), OK);
    tlb_wait();
    machine_enter(&b.space);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    tlb_wait();
    machine_enter(&a.space);
    CHECK_EQ(loads[0], 2); // the two switches
    CHECK_EQ(page_flushes[0], 0);
    CHECK_EQ(hart_self()->counters.flush_ipis, ipis);
    // Where no switch follows, it is paid: the same server takes back what it got next.
    machine_enter(&b.space);
    CHECK_EQ(pass(&a, home, &b), OK);
    machine_enter(&b.space);
    CHECK_EQ(loads[0], 3);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    machine_enter(&b.space);
    CHECK_EQ(loads[0], 4);
    CHECK_EQ(memory_free(&b.space, pages(PLACE, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(page_flushes[0], 1);
    machine_enter(&b.space);
    CHECK_EQ(loads[0], 4);
    machine_enter(nullptr);
    end();
}

TEST(tagged_translations_stay_until_something_is_removed) {
    begin();
    machine_tags = true;
    for (unsigned i = 0; i < 3; i++)
        machine_enter(&all[i]->space);
    memset(loads, 0, sizeof(loads));
    memset(page_flushes, 0, sizeof(page_flushes));
    uint64_t keeps = hart_self()->counters.space_keeps;
    machine_enter(&a.space);
    machine_enter(&b.space);
    CHECK_EQ(loads[0], 0);
    CHECK_EQ(hart_self()->counters.space_keeps, keeps + 2);
    // Of b's own pages one goes at once; what it gives away from elsewhere is owed.
    CHECK_EQ(memory_free(&b.space, pages(PLACE, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(page_flushes[0], 1);
    machine_enter(&a.space);
    machine_enter(&b.space);
    CHECK_EQ(loads[0], 0);
    machine_enter(&a.space);
    CHECK_EQ(memory_free(&b.space, pages(PLACE + PAGE_SIZE, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(page_flushes[0], 1);
    machine_enter(&b.space);
    CHECK_EQ(loads[0], 1);
    // The kernel's root lies between, and drops nothing of theirs.
    machine_enter(nullptr);
    loads[0] = 0;
    machine_enter(&b.space);
    machine_enter(&a.space);
    CHECK_EQ(loads[0], 0);
    machine_enter(nullptr);
    end();
}

TEST(spaces_that_share_a_tag_drop_each_others_translations) {
    for (unsigned round = 0; round < 2 * SPACE_TAGS; round++) {
        begin();
        loads[0] = 0;
        machine_enter(&a.space); // under this tag there may be something of a space that is gone
        CHECK_EQ(loads[0], 1);
        machine_enter(nullptr);
        end();
    }
    machine_tags = false;
}

static uint64_t generation(const struct test_space *space) {
    return __c11_atomic_load(&space->space.generation, __ATOMIC_RELAXED);
}

// Lends the page at PLACE to b and, in between, lets b or nobody write; returns by how much the
// generation of a has moved on: when it lent, and when the page came home.
struct moved {
    uint64_t lent, home;
};

static struct moved lend_and_return(uint32_t runners, parcel_t rights, bool write) {
    struct moved moved;
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, rights);
    uint64_t before = generation(&a);
    a.space.runners = runners;
    CHECK_EQ(pass(&a, home, &b), OK);
    moved.lent = generation(&a) - before;
    CHECK_EQ(space_write(&b.space, parcel_address(landed), 7), write);
    before = generation(&a);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    moved.home = generation(&a) - before;
    a.space.runners = 0;
    return moved;
}

TEST(a_loan_that_comes_home_unchanged_drops_nothing) {
    begin();
    struct moved moved = lend_and_return(1, PARCEL_WRITABLE, true);
    CHECK_EQ(moved.lent, 0);
    CHECK_EQ(moved.home, 0);
    moved = lend_and_return(1, 0, false);
    CHECK_EQ(moved.lent, 0);
    CHECK_EQ(moved.home, 0);
    // Several threads: dropped at once, and nothing is left to drop.
    moved = lend_and_return(2, PARCEL_WRITABLE, true);
    CHECK_EQ(moved.lent, 1);
    CHECK_EQ(moved.home, 0);
    // The borrower gives it a frame of its own: another page comes home.
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, PARCEL_NONE, 0), PLACE + 0x9000), OK);
    moved = lend_and_return(1, PARCEL_WRITABLE, true);
    CHECK_EQ(moved.lent, 0);
    CHECK_EQ(moved.home, 1);
    CHECK_EQ(memory_free(&a.space, pages(PLACE + 0x9000, 1, PARCEL_NONE, 0)), OK);
    // What was not there has no translation.
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_ZERO),
             OK);
    moved = lend_and_return(1, PARCEL_WRITABLE, true);
    CHECK_EQ(moved.lent, 0);
    CHECK_EQ(moved.home, 0);
    check();
    end();
}

// Its only thread waits meanwhile, and must not find the page again when it comes back.
TEST(who_gives_straight_through_drops_what_it_gave) {
    begin();
    a.space.runners = b.space.runners = 1;
    parcel_t there, gifts[] = {pages(PLACE, 1, PARCEL_GIVE, PARCEL_WRITABLE),
                               large(LARGE, PARCEL_GIVE, PARCEL_WRITABLE)};
    for (unsigned level = 1; level <= 2; level++) {
        uaddr_t address = parcel_address(gifts[level - 1]);
        CHECK(space_write(&a.space, address, 1)); // so that the way is known
        uint64_t before = generation(&a);
        CHECK(straight_pass(&a.space, gifts[level - 1], &b.space, 1000, level, nullptr, &there,
                            &charge));
        CHECK_EQ(generation(&a), before + 1);
    }
    a.space.runners = b.space.runners = 0;
    check();
    end();
}

TEST(other_harts_of_the_space_are_asked_and_no_more) {
    begin();
    machine_switch(1);
    machine_enter(&a.space);
    machine_switch(2);
    machine_enter(&b.space);
    machine_switch(0);
    machine_enter(&a.space);
    memset(loads, 0, sizeof(loads));
    uint64_t ipis = hart_self()->counters.flush_ipis;
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 2, PARCEL_NONE, 0)), OK);
    CHECK_EQ(hart_self()->counters.flush_ipis, ipis + 1);
    CHECK_EQ(loads[0], 1);
    CHECK_EQ(loads[1], 1);
    CHECK_EQ(loads[2], 0);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE + 0x2000, 1, PARCEL_NONE, 0), PLACE), OK);
    CHECK_EQ(loads[1], 2);
    CHECK(space_write(&a.space, PLACE, 1)); // a break
    CHECK_EQ(loads[1], 3);
    CHECK(space_write(&a.space, PLACE + 0x2000, 1)); // in place
    CHECK_EQ(loads[1], 3);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(loads[1], 4);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 1, PARCEL_NONE, PARCEL_WRITABLE)), OK);
    CHECK_EQ(loads[1], 4);
    for (unsigned hart = 0; hart < 3; hart++) {
        machine_switch(hart);
        machine_enter(nullptr);
    }
    machine_switch(0);
    machine_page_flushed = nullptr;
    machine_space_loaded = nullptr;
    end();
}
