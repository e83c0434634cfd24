// What harts drop of their translations, and what they may keep: loans that come home, tags, gifts,
// other harts.
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

static unsigned page_flushes[3], loads[3];

static void on_page(unsigned hart, uint64_t address) {
    (void)address;
    page_flushes[hart]++;
}

static void on_load(unsigned hart) { loads[hart]++; }

TEST(a_blocked_lender_pays_no_flush) {
    machine_start(64, 3);
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
        CHECK(straight_pass(&a.space, gifts[level - 1], &b.space, 1000, level, nullptr, nullptr,
                            &there, &charge));
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
