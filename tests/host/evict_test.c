// Pages that a pager takes away and gives back: which are idle, which can go, every refusal.
//
// sources: kernel/memory/evict.c kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c
// sources: kernel/memory/create.c kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/fork.c kernel/memory/query.c
// sources: kernel/memory/large.c kernel/memory/split.c
// sources: kernel/debug/check_memory.c kernel/memory/tlb.c kernel/memory/large.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/sync/spinlock.c
// sources: tests/host/hal/machine.c tests/host/hal/spaces.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "memory/entry.h"
#include "spaces.h"
#include "test.h"

#include <abi/layout.h>

static constexpr uaddr_t PLACE = 0x40'0000'0000, COPY = 0x50'0000'0000, OWN = 0x7f00'0000'0000;
static constexpr uint64_t COOKIE = 0x12'3456'789a;
static constexpr uint64_t W = PARCEL_WRITABLE;

static struct test_space a, b; // a program, and its pager
static struct test_space *const both[] = {&a, &b};

static parcel_t slots(uaddr_t address, unsigned count, uint64_t rights) {
    return parcel_make(address, 1, count, PARCEL_NONE, rights);
}

static parcel_t page(uaddr_t address, enum parcel_mode mode, uint64_t rights) {
    return parcel_make(address, 1, 1, mode, rights);
}

static void check(void) { CHECK_STRING(spaces_wrong(both, 2), ""); }

// A has pages with their numbers in them.
static void begin(unsigned pages) {
    static bool started;
    if (!started)
        machine_start(64, 1);
    started = true;
    spaces_begin(both, 2);
    a.account.limit = b.account.limit = 10'000;
    CHECK_EQ(memory_create(&a.space, slots(PLACE, pages, W), MEMORY_PAGES), OK);
    for (unsigned i = 0; i < pages; i++)
        CHECK(space_write(&a.space, PLACE + i * PAGE_SIZE, i));
}

static void end(void) {
    check();
    CHECK_STRING(spaces_end(both, 2), "");
}


static uaddr_t next; // where the last look ended

// The page that was taken, if it is untouched, at an address or behind; 0: none.
static uaddr_t evict(uaddr_t address, uint64_t cookie) {
    uaddr_t taken;
    CHECK_EQ(memory_evict(&a.space, address, cookie, &b.space, OWN, &next, &taken), OK);
    CHECK(next > address && (taken == 0 || (taken >= address && next == taken + PAGE_SIZE)));
    return taken;
}

// The same by any number of looks, the first of which find everything touched.
static uaddr_t evict_first(uint64_t cookie) {
    uaddr_t taken = 0;
    for (unsigned round = 0; round < 2 && taken == 0; round++)
        for (next = PLACE; taken == 0 && next < COPY;)
            taken = evict(next, cookie);
    return taken;
}

static status_t evict_to(struct test_space *to, uaddr_t destination, uint64_t cookie,
                         uaddr_t address) {
    uaddr_t taken;
    return memory_evict(&a.space, address, cookie, &to->space, destination, &next, &taken);
}

static status_t give_back(uaddr_t address, uint64_t cookie) {
    return parcel_move_for(&b.space, page(OWN, PARCEL_GIVE, W), &a.space, address, &cookie);
}

static uint64_t description_of(struct test_space *space, uaddr_t address) {
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&space->space, address, &description, &charge), OK);
    return description;
}

TEST(what_was_touched_stays_once) {
    uint64_t value;
    begin(4);
    CHECK_EQ(evict(PLACE, 1), 0); // all were written
    CHECK(space_read(&a.space, PLACE, &value));
    CHECK(space_write(&a.space, PLACE + 2 * PAGE_SIZE, 2));
    CHECK_EQ(evict(PLACE, 1), PLACE + PAGE_SIZE);
    CHECK_EQ(give_back(PLACE + PAGE_SIZE, 1), OK);
    CHECK_EQ(evict(next, 1), PLACE + 3 * PAGE_SIZE); // the hand passed the one between
    CHECK_EQ(give_back(PLACE + 3 * PAGE_SIZE, 1), OK);
    CHECK_EQ(evict(PLACE, 1), PLACE);
    end();
}

// A hart that has a page in use translates it anew when it next comes by.
TEST(a_look_has_translations_dropped) {
    begin(1);
    uint64_t generation = a.space.generation;
    CHECK_EQ(evict(PLACE, 1), 0);
    CHECK(a.space.generation != generation);
    generation = a.space.generation;
    CHECK_EQ(evict(PLACE, 1), PLACE);
    CHECK(a.space.generation != generation);
    end();
}

TEST(one_look_is_bounded) {
    begin(1);
    CHECK_EQ(memory_create(&a.space, slots(COPY, 2, W), MEMORY_PAGES), OK);
    CHECK_EQ(evict(0, 1), 0); // 512 empty entries: of 512 GiB, then of 1 GiB, of 2 MiB
    CHECK(next < LAYOUT_LIMIT && next > PLACE);
    unsigned looks = 1;
    while (evict(next, 1) == 0 && looks < 1000)
        looks++;
    CHECK(next == COPY + PAGE_SIZE && looks < 5); // never touched; what is at PLACE was
    while (next < LAYOUT_LIMIT && looks++ < 1000)
        CHECK_EQ(evict_to(&b, OWN + PAGE_SIZE, 2, next), OK);
    CHECK(next >= LAYOUT_LIMIT);
    CHECK_EQ(evict_to(&b, OWN + PAGE_SIZE, 2, LAYOUT_LIMIT), OK); // behind the end is nothing
    CHECK_EQ(next, LAYOUT_LIMIT);
    end();
}

TEST(a_page_goes_and_comes_back) {
    begin(4);
    uint64_t used = a.account.used, used_b = b.account.used, value;
    CHECK_EQ(evict(PLACE + PAGE_SIZE, COOKIE), 0);
    CHECK_EQ(b.account.used, used_b);
    CHECK_EQ(evict(PLACE + PAGE_SIZE, COOKIE), PLACE + PAGE_SIZE);
    CHECK_EQ(a.account.used, used);
    CHECK_EQ(b.account.used, used_b + 4); // with three tables
    CHECK_EQ(description_of(&a, PLACE + PAGE_SIZE),
             slots(PLACE + PAGE_SIZE, 1, W) | (uint64_t)SLOT_PAGER << 56);
    CHECK(space_read(&b.space, OWN, &value) && value == 1);
    CHECK(space_write(&b.space, OWN, 1));
    uint64_t cookie = 0;
    CHECK_EQ(space_fault(&a.space, PLACE + PAGE_SIZE + 8, ACCESS_WRITE, &cookie), FAULT_PAGER);
    CHECK_EQ(cookie, COOKIE);
    check();
    CHECK_EQ(give_back(PLACE + PAGE_SIZE, COOKIE), OK);
    CHECK(a.account.used == used && b.account.used == used_b + 3);
    CHECK(space_read(&a.space, PLACE + PAGE_SIZE, &value) && value == 1);
    CHECK(space_write(&a.space, PLACE + PAGE_SIZE, 7));
    end();
}

TEST(rights_stay_with_the_place) {
    begin(1);
    CHECK_EQ(memory_protect(&a.space, slots(PLACE, 1, 0)), OK);
    CHECK_EQ(evict_first(1), PLACE);
    CHECK_EQ(give_back(PLACE, 1), OK);
    CHECK(!space_write(&a.space, PLACE, 1));
    CHECK_EQ(memory_protect(&a.space, slots(PLACE, 1, W)), OK);
    CHECK(space_write(&a.space, PLACE, 1));
    // What came read-only cannot be made writable by going and coming back.
    CHECK_EQ(memory_create(&b.space, slots(OWN, 1, W), MEMORY_PAGES), OK);
    CHECK_EQ(parcel_move(&b.space, page(OWN, PARCEL_GIVE, 0), &a.space, COPY), OK);
    CHECK_EQ(evict(COPY, 2), COPY);
    CHECK_EQ(give_back(COPY, 2), OK);
    CHECK_EQ(memory_protect(&a.space, slots(COPY, 1, W)), ERR_NO_RIGHT);
    end();
}

TEST(what_is_shared_stays) {
    begin(1);
    uint64_t value;
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 1, 0), COPY), OK);
    CHECK_EQ(evict_first(COOKIE), 0);
    CHECK_EQ(memory_free(&a.space, slots(COPY, 1, 0)), OK);
    CHECK_EQ(evict(PLACE, COOKIE), 0); // it had kept the bit that says that it was touched
    CHECK_EQ(evict(PLACE, COOKIE), PLACE);
    CHECK_EQ(give_back(PLACE, COOKIE), OK);
    // Zeros that were only read are everybody's.
    CHECK_EQ(memory_free(&a.space, slots(PLACE, 1, 0)), OK);
    CHECK_EQ(memory_create(&a.space, slots(PLACE, 1, W), MEMORY_ZERO), OK);
    CHECK(space_read(&a.space, PLACE, &value));
    CHECK_EQ(evict_first(COOKIE), 0);
    end();
}

TEST(what_lies_below_a_shared_table_stays) {
    begin(1);
    for (unsigned level = 2; level <= 3; level++) {
        uaddr_t copy = COPY + level * level_size(level);
        CHECK_EQ(memory_clone(&a.space, parcel_make(PLACE, level, 1, PARCEL_NONE, 0), copy), OK);
        CHECK_EQ(evict_first(COOKIE), 0);
        CHECK_EQ(memory_free(&a.space, parcel_make(copy, level, 1, PARCEL_NONE, 0)), OK);
    }
    CHECK_EQ(evict_first(COOKIE), PLACE); // also before anybody writes, who would set W again
    end();
}

TEST(what_is_pinned_or_executable_stays) {
    const parcel_t runs[] = {parcel_make(PLACE, 1, 1, PARCEL_LEND, 0),
                                    parcel_make(PLACE, 2, 1, PARCEL_LEND, 0)};
    static const struct acceptance anything = {.flags = ACCEPT_HOLES, .charge = 1000};
    begin(1);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(parcel_mark(&a.space, runs[i]), OK);
        CHECK_EQ(evict_first(COOKIE), 0);
        parcel_unmark(&a.space, runs[i]);
    }
    // Neither from whoever lent it, nor from whoever borrowed it.
    for (unsigned i = 0; i < 2; i++) {
        uaddr_t place = COPY + i * level_size(2);
        parcel_t landed, window = parcel_make(place, i + 1, 1, PARCEL_NONE, 0);
        uint64_t charge;
        uaddr_t taken;
        CHECK_EQ(slot_prepare(&b.space, window, 1), OK);
        CHECK_EQ(parcel_pass(&a.space, runs[i], false, &b.space, &anything, &landed, &charge), OK);
        CHECK_EQ(evict_first(COOKIE), 0);
        for (unsigned round = 0; round < 2; round++) {
            CHECK_EQ(memory_evict(&b.space, place, 1, &a.space, OWN, &next, &taken), OK);
            CHECK_EQ(taken, 0);
        }
        CHECK_EQ(parcel_return(&b.space, landed, &a.space, runs[i]), OK);
        CHECK_EQ(slot_release(&b.space, window), OK);
    }
    CHECK_EQ(memory_protect(&a.space, slots(PLACE, 1, PARCEL_EXECUTABLE)), OK);
    CHECK_EQ(evict_first(COOKIE), 0);
    CHECK_EQ(memory_protect(&a.space, slots(PLACE, 1, W)), OK);
    CHECK_EQ(evict_first(COOKIE), PLACE);
    end();
}

// In one piece it stays. Its parts go like other pages, and then it is no one piece any more.
TEST(a_large_page_stays_until_it_is_split) {
    uint64_t value, cookie;
    parcel_t large = parcel_make(COPY, 2, 1, PARCEL_NONE, W), plain = large & ~W;
    begin(1);
    CHECK_EQ(memory_free(&a.space, slots(PLACE, 1, 0)), OK);
    CHECK_EQ(memory_create(&a.space, large, MEMORY_LARGE), OK);
    for (unsigned i = 0; i < 8; i++) // not zeroed, then as a whole
        (void)space_fault(&a.space, COPY, ACCESS_WRITE, &cookie);
    CHECK(space_write(&a.space, COPY + PAGE_SIZE, 5));
    for (next = COPY; next < COPY + level_size(2);)
        CHECK_EQ(evict(next, COOKIE), 0);
    CHECK_EQ(memory_regroup(&a.space, plain, false), OK);
    while (evict(COPY + PAGE_SIZE, COOKIE) == 0)
        ;
    CHECK(space_read(&b.space, OWN, &value) && value == 5);
    CHECK_EQ(memory_regroup(&a.space, plain, true), ERR_NO_RUN);
    CHECK_EQ(memory_clone(&a.space, plain, PLACE), ERR_AWAY);
    CHECK_EQ(memory_free(&a.space, plain), ERR_AWAY);
    CHECK_EQ(give_back(next - PAGE_SIZE, COOKIE), OK);
    CHECK_EQ(memory_regroup(&a.space, plain, true), ERR_NO_RUN); // with rights of its own
    CHECK(space_read(&a.space, COPY + PAGE_SIZE, &value) && value == 5);
    end();
}

TEST(what_cannot_be_done_is_refused_with_a_reason) {
    begin(1);
    CHECK_EQ(evict(PLACE, COOKIE), 0); // from now on it could go
    uint64_t used = b.account.used;
    CHECK_EQ(evict_to(&b, OWN, 1, PLACE + 1), ERR_BAD_ARGUMENT);
    CHECK_EQ(evict_to(&b, OWN + 1, 1, PLACE), ERR_BAD_SLOT);
    CHECK_EQ(evict_to(&b, 0, 1, PLACE), ERR_BAD_SLOT);
    CHECK_EQ(evict_to(&b, LAYOUT_LIMIT, 1, PLACE), ERR_BAD_SLOT);
    CHECK_EQ(evict_to(&b, OWN, 1ull << MEMORY_COOKIE_BITS, PLACE), ERR_BAD_ARGUMENT);
    CHECK_EQ(b.account.used, used);
    CHECK_EQ(memory_create(&b.space, slots(OWN, 1, W), MEMORY_PAGES), OK);
    CHECK_EQ(evict_to(&b, OWN, 1, PLACE), ERR_OCCUPIED);
    CHECK_EQ(memory_free(&b.space, slots(OWN, 1, 0)), OK);
    CHECK_EQ(evict(PLACE, (1ull << MEMORY_COOKIE_BITS) - 1), PLACE);
    CHECK_EQ(evict(PLACE, 1), 0); // it went before
    end();
}

TEST(no_allocation_and_no_limit_is_missed) {
    begin(1);
    CHECK_EQ(evict(PLACE, COOKIE), 0);
    uint64_t used = b.account.used;
    for (unsigned room = 0; room <= 3; room++) {
        b.account.limit = used + room;
        CHECK_EQ(evict_to(&b, OWN, COOKIE, PLACE), ERR_NO_MEMORY);
        check();
    }
    b.account.limit = 100;
    for (unsigned i = 1; i <= 3; i++) {
        frames_fail_at(i);
        CHECK_EQ(evict_to(&b, OWN, COOKIE, PLACE), ERR_NO_FRAME);
        frames_fail_at(0);
        CHECK_EQ(b.account.used, used);
        check();
    }
    CHECK_EQ(evict(PLACE, COOKIE), PLACE);
    end();
}

TEST(nothing_travels_while_a_page_is_away) {
    begin(2);
    CHECK_EQ(evict_first(COOKIE), PLACE);
    CHECK_EQ(memory_clone(&a.space, slots(PLACE, 1, 0), COPY), ERR_AWAY);
    CHECK_EQ(space_fork(&a.space, &b.space), ERR_OCCUPIED);
    CHECK_EQ(memory_free(&a.space, slots(PLACE, 1, 0)), OK); // unseen by the pager
    CHECK_EQ(give_back(PLACE, COOKIE), ERR_OCCUPIED);
    end();
}
