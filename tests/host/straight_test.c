// Pages and entries that pass straight through: as parcel_pass and parcel_return leave them, or not
// at all.
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

// The straight ways and the general ones leave the same behind.
TEST(a_page_is_lent_straight_through) {
    machine_start(64, 3);
    begin();
    struct page_loan loan;
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, PARCEL_WRITABLE), there;
    uint64_t value;
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    for (unsigned i = 0; i < 4; i++) {
        CHECK(straight_pass(&a.space, home, &b.space, 0, 1, &loan, nullptr, &there, &charge));
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
    CHECK(!straight_pass(&a.space, gift, &b.space, 0, 1, nullptr, nullptr, &there, &charge));
    CHECK(!straight_pass(&a.space, gift, &a.space, 8, 1, nullptr, nullptr, &there, &charge));
    CHECK(straight_pass(&a.space, gift, &b.space, 8, 1, nullptr, nullptr, &there, &charge));
    check();
    CHECK_EQ(charge, 1);
    CHECK_EQ(b.account.used, before + 1);
    CHECK_EQ(there, pages(SLOTS, 1, PARCEL_GIVE, PARCEL_WRITABLE));
    CHECK_EQ(state(&a, PLACE), SLOT_EMPTY);
    CHECK(space_read(&b.space, SLOTS, &value) && value == 7);
    // Nothing is there now.
    CHECK(!straight_pass(&a.space, gift, &b.space, 8, 1, nullptr, nullptr, &there, &charge));
    b.account.limit = b.account.used;
    CHECK(!straight_pass(&a.space, pages(PLACE + PAGE_SIZE, 1, PARCEL_GIVE, 0),
                         &b.space, 8, 1, nullptr, nullptr, &there, &charge));
    b.account.limit = 1ull << 40;
    check();
    // What does not fill its window leaves the rest empty.
    for (unsigned i = 1; i < 5; i++)
        CHECK(straight_pass(&a.space, pages(PLACE + i * PAGE_SIZE, 1, PARCEL_GIVE, 0),
                            &b.space, 8, 1, nullptr, nullptr, &there, &charge));
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
    // A hole.
    CHECK(!straight_pass(&a.space, gift, &b.space, 600, 2, nullptr, nullptr, &there, &charge));
    CHECK_EQ(memory_create(&a.space, page | PARCEL_WRITABLE, MEMORY_PAGES), OK);
    CHECK(!straight_pass(&a.space, gift + PAGE_SIZE, &b.space, 600, 2, nullptr, nullptr, &there,
                         &charge));
    CHECK(straight_pass(&a.space, gift, &b.space, 600, 2, nullptr, nullptr, &there, &charge));
    check();
    CHECK_EQ(charge, 513);
    CHECK(space_read(&b.space, parcel_address(there) + 0x5000, &value) && value == 7);
    CHECK_EQ(memory_free(&a.space, page), ERR_BAD_SLOT); // by that way no longer
    CHECK_EQ(memory_create(&a.space, page, MEMORY_PAGES), OK);
    CHECK_EQ(memory_free(&b.space, large(parcel_address(there), PARCEL_NONE, 0)), OK);
    check();
    end();
}

TEST(a_page_is_given_to_a_place) {
    begin();
    static constexpr uaddr_t HOLE = LARGE + 0x3000;
    struct place place = {HOLE, ENTRY_EMPTY};
    uint64_t value, before = a.account.used, before_b = b.account.used;
    parcel_t there, gift = pages(PLACE, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    // Something is there, or it is part of a message, or its process has no room.
    CHECK(!straight_pass(&b.space, gift, &a.space, 1, 1, nullptr, &place, &there, &charge));
    CHECK_EQ(memory_free(&a.space, pages(HOLE, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(parcel_mark(&a.space, large(LARGE, PARCEL_LEND, PARCEL_WRITABLE)), OK);
    CHECK(!straight_pass(&b.space, gift, &a.space, 1, 1, nullptr, &place, &there, &charge));
    parcel_unmark(&a.space, large(LARGE, PARCEL_LEND, PARCEL_WRITABLE));
    a.account.limit = a.account.used;
    CHECK(!straight_pass(&b.space, gift, &a.space, 1, 1, nullptr, &place, &there, &charge));
    a.account.limit = 1ull << 40;
    check();
    uint64_t generation = b.space.generation;
    CHECK(straight_pass(&b.space, gift, &a.space, 1, 1, nullptr, &place, &there, &charge));
    check();
    CHECK(a.account.used == before && b.account.used == before_b - 1);
    CHECK(b.space.generation > generation);
    CHECK_EQ(state(&b, PLACE), SLOT_EMPTY);
    CHECK(space_read(&a.space, HOLE, &value) && value == 100);
    end();
}

TEST(what_is_unusual_is_not_lent_straight_through) {
    begin();
    struct page_loan loan;
    parcel_t home = pages(PLACE, 1, PARCEL_LEND, PARCEL_WRITABLE), there;
    CHECK_EQ(pass(&a, home, &b), OK);
    CHECK_EQ(come_home(&b, landed, &a, home), OK);
    CHECK(!straight_pass(&a.space, pages(PLACE + 0x9000, 1, PARCEL_LEND, 0),
                         &b.space, 0, 1, &loan, nullptr, &there, &charge));
    CHECK(!straight_pass(&a.space, pages(0x50000000, 1, PARCEL_LEND, 0),
                         &b.space, 0, 1, &loan, nullptr, &there, &charge));
    CHECK(!straight_pass(&a.space, home, &a.space, 0, 1, &loan, nullptr, &there, &charge));
    CHECK_EQ(parcel_mark(&a.space, home), OK);
    CHECK(!straight_pass(&a.space, home, &b.space, 0, 1, &loan, nullptr, &there, &charge));
    parcel_unmark(&a.space, home);
    check();
    // A borrower's own copy, or a loan that is lent on, does not come home as it went.
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, PARCEL_NONE, 0), PLACE + 0x10000), OK);
    CHECK(straight_pass(&a.space, home, &b.space, 0, 1, &loan, nullptr, &there, &charge));
    CHECK(space_write(&b.space, SLOTS, 5));
    CHECK(!page_return(&b.space, there, &a.space, home, &loan));
    CHECK_EQ(come_home(&b, there, &a, home), OK);
    CHECK(straight_pass(&a.space, home, &b.space, 0, 1, &loan, nullptr, &there, &charge));
    CHECK_EQ(pass(&b, pages(SLOTS, 1, PARCEL_LEND, 0), &c), OK);
    CHECK(!page_return(&b.space, there, &a.space, home, &loan));
    CHECK_EQ(come_home(&c, landed, &b, pages(SLOTS, 1, PARCEL_LEND, 0)), OK);
    CHECK(page_return(&b.space, there, &a.space, home, &loan));
    check();
    end();
}
