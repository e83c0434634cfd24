// Parcels between spaces: gifts, loans, clones, chains of loans, windows, marks.
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
#include "parcel_spaces.h"

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
