// The same operations from several threads, each a hart of its own: spaces of their own, one that
// all run, parcels in all directions. ThreadSanitizer watches; the equations hold at the end.
//
// options: thread
// sources: kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c
// sources: kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c kernel/memory/parcel.c
// sources: kernel/memory/pass.c kernel/memory/landing.c kernel/memory/fault.c kernel/memory/fork.c
// sources: kernel/memory/query.c kernel/debug/check_memory.c kernel/memory/tlb.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/memory/heap.c
// sources: kernel/sync/spinlock.c tests/host/hal/machine.c tests/host/hal/spaces.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "memory/heap.h"
#include "memory/tlb.h"
#include "spaces.h"
#include "test.h"

#include <pthread.h>
#include <stdlib.h>

static constexpr unsigned HARTS = 3, STEPS = 15'000, SPACES = HARTS + 1;
static constexpr uaddr_t PLACE = 0x40000000, CLONE = 0x40200000, SLOTS = 0x7f0000000000;
static constexpr uaddr_t LARGE = 0x40400000, LARGE_CLONE = 0x40600000;

static struct test_space spaces[SPACES]; // the last one is run by all
static struct test_space *list[SPACES];
static struct heap heap;
static _Atomic unsigned forks, larges, splits, joins;
static struct account heap_account = {.limit = 500};
static _Atomic unsigned running;

static unsigned random_number(uint64_t *state, unsigned limit) {
    *state = *state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    return (unsigned)(*state >> 40) % limit;
}

static parcel_t pages(unsigned place, unsigned count, enum parcel_mode mode, uint64_t rights) {
    return parcel_make(PLACE + place * PAGE_SIZE, 1, count, mode, rights);
}

// Any answer will do: others are at it too.
static void own_step(struct space *space, uint64_t *state) {
    uint64_t cookie;
    unsigned place = random_number(state, 24), count = 1 + random_number(state, 3);
    switch (random_number(state, 9)) {
    case 7:
        (void)memory_clone(space, parcel_make(PLACE, 2, 1, PARCEL_NONE, 0), CLONE);
        break;
    case 8:
        (void)memory_free(space, parcel_make(CLONE, 2, 1, PARCEL_NONE, 0));
        break;
    case 0:
        (void)memory_create(space, pages(place, count, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES);
        break;
    case 1:
        (void)memory_create(space, pages(place, count, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_ZERO);
        break;
    case 2:
        (void)memory_free(space, pages(place, count, PARCEL_NONE, 0));
        break;
    case 3:
        (void)memory_clone(space, pages(place, 1, PARCEL_NONE, 0),
                           PLACE + random_number(state, 24) * PAGE_SIZE);
        break;
    case 4:
        (void)memory_protect(space, pages(place, 1, PARCEL_NONE, PARCEL_WRITABLE));
        break;
    default:
        (void)space_fault(space, (random_number(state, 2) ? PLACE : CLONE) + place * PAGE_SIZE,
                          random_number(state, 2) ? ACCESS_WRITE : 0, &cookie);
    }
}

static parcel_t large_page(uaddr_t place, enum parcel_mode mode, uint64_t rights) {
    return parcel_make(place, 2, 1, mode, rights);
}

static void count(_Atomic unsigned *counter, status_t status) {
    if (status == OK)
        __c11_atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void large_make(struct space *space, uint64_t *state) {
    parcel_t slot = large_page(LARGE, PARCEL_NONE, PARCEL_WRITABLE);
    count(&larges, memory_create(space, slot, MEMORY_LARGE));
    for (unsigned i = random_number(state, 4); i < TABLE_ENTRIES / MEMORY_GROUP; i++)
        (void)memory_create(space, slot, MEMORY_FILL | i << MEMORY_GROUP_SHIFT);
}

// Touches somewhere until it is there: each touch zeroes a piece.
static void large_touch(struct space *space, uaddr_t place, uint64_t *state) {
    uint64_t cookie;
    place += random_number(state, TABLE_ENTRIES) * PAGE_SIZE;
    while (space_fault(space, place, ACCESS_WRITE, &cookie) == FAULT_ZEROING)
        hart_poll();
}

// One large page in each space, a clone of it or of another's, and what becomes of them.
static void large_step(struct space *space, struct space *other, uint64_t *state) {
    uaddr_t place = random_number(state, 2) ? LARGE : LARGE_CLONE;
    switch (random_number(state, 8)) {
    case 0 ... 1:
        large_make(space, state);
        break;
    case 2:
        (void)memory_free(space, large_page(place, PARCEL_NONE, 0));
        break;
    case 3:
        (void)memory_clone(space, large_page(LARGE, PARCEL_NONE, 0), LARGE_CLONE);
        break;
    case 4:
        (void)parcel_move(space, large_page(place, PARCEL_CLONE, PARCEL_WRITABLE), other,
                          LARGE_CLONE);
        break;
    case 5:
        count(&splits, memory_regroup(space, large_page(place, PARCEL_NONE, 0), false));
        break;
    case 6:
        count(&joins, memory_regroup(space, large_page(place, PARCEL_NONE, 0), true));
        break;
    default:
        large_touch(space, place, state);
    }
}

// Sends a parcel to any space; a loan comes home at once, a gift is freed where it landed.
static void message_step(struct space *from, struct space *to, uint64_t *state) {
    static const struct acceptance anything = {.charge = 100, .flags = ACCEPT_HOLES};
    enum parcel_mode mode = (enum parcel_mode)(1 + random_number(state, 3));
    parcel_t parcel = pages(random_number(state, 24), 1, mode, 0), landed;
    uint64_t charge;
    bool marked = random_number(state, 2) && parcel_mark(from, parcel) == OK;
    if (parcel_pass(from, parcel, marked, to, &anything, &landed, &charge) != OK) {
        if (marked)
            parcel_unmark(from, parcel);
        return;
    }
    tlb_wait();
    if (mode == PARCEL_LEND) {
        if (parcel_return(to, landed, from, parcel) != OK)
            abort();
    } else {
        parcel_t slot = parcel_make(parcel_address(landed), 1, 1, PARCEL_NONE, 0);
        if (memory_free(to, slot) != OK || slot_prepare(to, slot, 1) != OK)
            abort();
    }
    tlb_wait();
}

// A clone of the table goes to another space, or what is there goes.
static void share_step(struct space *from, struct space *to, uint64_t *state) {
    if (random_number(state, 2))
        (void)memory_free(to, parcel_make(CLONE, 2, 1, PARCEL_NONE, 0));
    else
        (void)parcel_move(from, parcel_make(PLACE, 2, 1, PARCEL_CLONE, PARCEL_WRITABLE), to,
                          CLONE);
}

// A space that all work in is copied; the copy is written to, and goes.
static void fork_step(struct space *parent) {
    struct account account = {.limit = 100'000};
    struct space child = {};
    uint64_t cookie;
    if (space_create(&child, &account) != OK)
        return;
    if (space_fork(parent, &child) == OK)
        __c11_atomic_fetch_add(&forks, 1, __ATOMIC_RELAXED);
    (void)space_fault(&child, PLACE, ACCESS_WRITE, &cookie);
    (void)space_fault(&child, CLONE, ACCESS_WRITE, &cookie);
    (void)space_destroy(&child); // its tables go with those that all harts free
    if (account.used != 0)
        abort();
}

static void heap_step(uint64_t *state) {
    void *blocks[8];
    unsigned count = 0;
    while (count < 8 && heap_allocate(&heap, 1 + random_number(state, 500), &blocks[count]) == OK)
        count++;
    while (count != 0)
        heap_free(blocks[--count]);
}

static void *hart_main(void *argument) {
    unsigned hart = (unsigned)(uintptr_t)argument;
    uint64_t state = hart + 1;
    machine_switch(hart);
    for (unsigned step = 0; step < STEPS; step++) {
        struct space *own = &spaces[hart].space, *shared = &spaces[HARTS].space;
        unsigned kind = random_number(&state, 15);
        machine_enter(random_number(&state, 4) ? shared : own);
        if (kind < 6)
            own_step(kind < 2 ? own : shared, &state);
        else if (kind < 9)
            message_step(kind < 8 ? own : shared, &spaces[random_number(&state, SPACES)].space,
                         &state);
        else if (kind < 11)
            share_step(own, &spaces[random_number(&state, SPACES)].space, &state);
        else if (kind == 11)
            fork_step(random_number(&state, 2) ? own : shared);
        else if (kind == 12)
            heap_step(&state);
        else
            large_step(kind == 13 ? own : shared, &spaces[random_number(&state, SPACES)].space,
                       &state);
        hart_poll();
        frames_zero_some(1);
    }
    machine_enter(nullptr);
    __c11_atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
    while (__c11_atomic_load(&running, __ATOMIC_SEQ_CST) != 0) {
        hart_poll();
        hal_pause();
    }
    return nullptr;
}

TEST(harts_move_memory_at_once) {
    pthread_t threads[HARTS];
    machine_start(48, HARTS);
    machine_harts_are_threads = true;
    for (unsigned i = 0; i < SPACES; i++)
        list[i] = &spaces[i];
    spaces_begin(list, SPACES);
    heap_initialize(&heap, &heap_account);
    for (unsigned i = 0; i < SPACES; i++)
        CHECK_EQ(slot_prepare(&spaces[i].space, parcel_make(SLOTS, 1, 8, PARCEL_NONE, 0), 1), OK);
    running = HARTS;
    for (unsigned i = 0; i < HARTS; i++)
        pthread_create(&threads[i], nullptr, hart_main, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < HARTS; i++)
        pthread_join(threads[i], nullptr);
    uint64_t ipis = 0;
    for (unsigned i = 0; i < HARTS; i++)
        ipis += harts[i]->counters.flush_ipis;
    CHECK(ipis > 100);
    CHECK(forks > 1000);
    printf("%u %u %u\n", larges, splits, joins);
    CHECK(larges > 100 && splits > 100 && joins > 10);
    CHECK_EQ(heap.frames + heap_account.used, 0);
    CHECK_STRING(spaces_end(list, SPACES), "");
}

// Limit moves and frames are charged at once, and nothing is lost or overdrawn.
static struct account purses[2] = {{.limit = 100}, {.limit = 100}};

static void *purse_main(void *argument) {
    uint64_t state = (uintptr_t)argument + 7;
    for (unsigned step = 0; step < 30'000; step++) {
        struct account *from = &purses[random_number(&state, 2)];
        struct account *to = &purses[random_number(&state, 2)];
        unsigned frames = random_number(&state, 60);
        if (account_charge(to, frames) == OK) {
            (void)account_transfer(from, to, frames / 2);
            account_refund(to, frames);
        }
    }
    return nullptr;
}

TEST(accounts_are_conserved) {
    pthread_t threads[3];
    for (unsigned i = 0; i < 3; i++)
        pthread_create(&threads[i], nullptr, purse_main, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(threads[i], nullptr);
    CHECK_EQ(purses[0].used + purses[1].used, 0);
    CHECK_EQ(purses[0].limit + purses[1].limit, 200);
}
