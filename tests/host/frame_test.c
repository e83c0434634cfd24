// The frame database, the buddy system, the harts' caches and the zeroed stock; accounts.
//
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/memory/entry.c kernel/debug/canary.c kernel/memory/account.c kernel/memory/tlb.c
// sources: kernel/sync/spinlock.c tests/host/hal/machine.c
// sources: kernel/memory/large.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "memory/account.h"
#include "memory/buddy.h"
#include "memory/space.h"
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static constexpr unsigned MEGABYTES = 32;

static struct frame *allocate(unsigned order) {
    struct frame *frame = nullptr;
    CHECK_EQ(frame_allocate(order, FRAME_PAGE, &frame), OK);
    return frame;
}

TEST(database_knows_the_memory_map) {
    machine_start(MEGABYTES, 3);
    struct frame_counts counts;
    frames_count(&counts);
    CHECK_EQ(counts.module, MACHINE_MODULE_FRAMES);
    CHECK_EQ(frame_of(MACHINE_MODULE)->state, FRAME_MODULE);
    CHECK_EQ(frame_of(0x100000)->state, FRAME_KERNEL);
    CHECK(frame_of(0) == nullptr);
    CHECK(frame_of(0x9f000) == nullptr);
    CHECK(frame_of(0xa0000) == nullptr);
    CHECK(frame_of(0x200000) == nullptr);
    CHECK(frame_of((paddr_t)MEGABYTES << 20) == nullptr);
    CHECK_EQ(frame_of(0x1000)->state, FRAME_FREE);
    CHECK_EQ(frame_address(frame_of(0x281000)), 0x281000);
    // 0x280000 to the end, 0x100000 to 0x200000, pages 1 to 0x9e.
    CHECK_EQ(counts.total, (MEGABYTES << 8) - 0x280 + 0x100 + 0x9e);
    CHECK_EQ(counts.free + counts.kernel + counts.module, counts.total);
}

TEST(frames_come_back) {
    uint64_t before = machine_free();
    static struct frame *frames[3000];
    for (unsigned i = 0; i < 3000; i++) {
        frames[i] = allocate(0);
        CHECK_EQ(frames[i]->references, 1);
        CHECK_EQ(frames[i]->state, FRAME_PAGE);
    }
    CHECK_EQ(machine_free(), before - 3000);
    for (unsigned i = 0; i < 3000; i++)
        frame_release(frames[i]);
    CHECK_EQ(machine_free(), before);
}

TEST(blocks_are_aligned_and_merge_again) {
    struct frame_counts before, after;
    frames_count(&before);
    for (unsigned order = 1; order <= 10; order++) {
        struct frame *frame = allocate(order);
        CHECK_EQ(number_of_frame(frame) % (1u << order), 0);
        CHECK_EQ(frame->state, FRAME_PAGE);
        for (unsigned i = 1; i < 1u << order; i++) {
            CHECK_EQ(frame[i].state, FRAME_FREE);
            CHECK_EQ(frame[i].level, FRAME_INSIDE);
        }
        frame_free(frame, order);
    }
    frames_count(&after);
    CHECK_EQ(after.free, before.free);
    CHECK_EQ(after.largest_free, before.largest_free);
}

TEST(references_keep_a_frame) {
    uint64_t before = machine_free();
    struct frame *frame = allocate(0);
    frame_reference(frame);
    frame_release(frame);
    CHECK_EQ(frame->state, FRAME_PAGE);
    frame_release(frame);
    CHECK_EQ(frame->state, FRAME_FREE);
    CHECK_EQ(machine_free(), before);
}

TEST(random_blocks_never_overlap) {
    static struct frame *blocks[400];
    static unsigned orders[400];
    uint64_t before = machine_free();
    srand(1);
    for (unsigned step = 0; step < 20'000; step++) {
        unsigned i = (unsigned)rand() % 400;
        machine_switch((unsigned)rand() % 3);
        if (blocks[i] != nullptr) {
            for (unsigned n = 0; n < 1u << orders[i]; n++)
                CHECK_EQ(blocks[i][n].level, n == 0 ? 1 : FRAME_INSIDE);
            frame_free(blocks[i], orders[i]);
            blocks[i] = nullptr;
            continue;
        }
        orders[i] = (unsigned)rand() % 5;
        if (frame_allocate(orders[i], FRAME_TABLE, &blocks[i]) != OK)
            blocks[i] = nullptr;
        else
            memset(frame_contents(blocks[i]), (int)i, PAGE_SIZE << orders[i]);
    }
    for (unsigned i = 0; i < 400; i++)
        if (blocks[i] != nullptr)
            frame_free(blocks[i], orders[i]);
    machine_switch(0);
    CHECK_EQ(machine_free(), before);
}

TEST(zeroed_frames_are_zero_and_stocked) {
    struct frame *frame = allocate(0);
    memset(frame_contents(frame), 0xff, PAGE_SIZE);
    frame_release(frame);
    CHECK_EQ(frames_zero_some(10), 10);
    struct frame_counts counts;
    frames_count(&counts);
    CHECK_EQ(counts.zeroed, 10);
    for (unsigned i = 0; i < 20; i++) {
        CHECK_EQ(frame_allocate_zeroed(FRAME_PAGE, &frame), OK);
        static const char zeros[PAGE_SIZE];
        CHECK(memcmp(frame_contents(frame), zeros, PAGE_SIZE) == 0);
        memset(frame_contents(frame), 0xff, PAGE_SIZE);
        frame_release(frame);
    }
    while (frames_zero_some(100) != 0)
        ;
    frames_count(&counts);
    CHECK(counts.zeroed >= 100 && counts.zeroed < 1000);
}

// Everything can be had, also what other harts keep, and then there is an end.
TEST(all_frames_can_be_allocated) {
    static struct frame *frames[MEGABYTES << 8];
    for (unsigned hart = 0; hart < 3; hart++) {
        machine_switch(hart);
        frames_zero_some(20);
        frame_release(allocate(0));
    }
    machine_switch(0);
    uint64_t before = machine_free(), count = 0;
    while (frame_allocate(0, FRAME_PAGE, &frames[count]) == OK)
        count++;
    CHECK_EQ(count, before);
    CHECK_EQ(machine_free(), 0);
    struct frame *frame;
    CHECK_EQ(frame_allocate(3, FRAME_PAGE, &frame), ERR_NO_FRAME);
    CHECK_EQ(frame_allocate_zeroed(FRAME_PAGE, &frame), ERR_NO_FRAME);
    CHECK_EQ(frames_zero_some(1), 0);
    CHECK_EQ(buddy_largest(), -1);
    while (count != 0)
        frame_release(frames[--count]);
    CHECK_EQ(machine_free(), before);
    frame = allocate(9);
    frame_free(frame, 9);
}

TEST(allocations_fail_on_request) {
    struct frame *frame;
    frames_fail_at(2);
    frame_release(allocate(0));
    CHECK_EQ(frame_allocate_zeroed(FRAME_PAGE, &frame), ERR_NO_FRAME);
    frame_release(allocate(0));
    frames_fail_at(0);
}

// Is a write found, to the n-th of many frames that were freed?
static bool write_is_found(unsigned n) {
    struct frame *frames[64], *frame;
    pid_t child = fork();
    if (child == 0) {
        fclose(stderr);
        for (unsigned i = 0; i < 64; i++)
            frames[i] = allocate(0);
        for (unsigned i = 0; i < 64; i++)
            frame_release(frames[i]);
        ((char *)frame_contents(frames[n]))[1000] = 1;
        while (frame_allocate(0, FRAME_PAGE, &frame) == OK)
            ;
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

// Wherever it went: to the hart's cache, or back to the buddy system.
TEST(canary_finds_a_write_to_a_free_frame) {
    for (unsigned n = 0; n < 64; n++)
        CHECK(write_is_found(n));
}

// --- accounts ------------------------------------------------------------------------------------

TEST(account_stays_within_its_limit) {
    struct account account = {.limit = 10};
    CHECK_EQ(account_charge(&account, 7), OK);
    CHECK_EQ(account_charge(&account, 4), ERR_NO_MEMORY);
    CHECK_EQ(account_charge(&account, ~0ull), ERR_NO_MEMORY);
    CHECK_EQ(account.used, 7);
    CHECK_EQ(account_charge(&account, 3), OK);
    CHECK_EQ(account_charge(&account, 1), ERR_NO_MEMORY);
    account_refund(&account, 10);
    CHECK_EQ(account.used, 0);
}

TEST(account_pays_for_frames_of_objects) {
    struct account account = {.limit = 5};
    struct frame *block, *page;
    uint64_t before = machine_free();
    CHECK_EQ(account_allocate(&account, 2, false, &block), OK);
    CHECK_EQ(account_allocate(&account, 1, false, &page), ERR_NO_MEMORY);
    for (unsigned zeroed = 0; zeroed < 2; zeroed++) {
        frames_fail_at(1);
        CHECK_EQ(account_allocate(&account, 0, zeroed, &page), ERR_NO_FRAME);
        CHECK_EQ(account.used, 4);
        CHECK_EQ(account.objects, 4);
    }
    CHECK_EQ(account_allocate(&account, 0, true, &page), OK);
    CHECK_EQ(account.objects, 5);
    CHECK_EQ(*(const uint64_t *)frame_contents(page), 0);
    account_free(&account, page, 0);
    account_free(&account, block, 2);
    CHECK_EQ(account.objects + account.used, 0);
    CHECK_EQ(machine_free(), before);
}

TEST(limit_moves_and_is_conserved) {
    struct account a = {.limit = 10}, b = {};
    CHECK_EQ(account_charge(&a, 4), OK);
    CHECK_EQ(account_transfer(&a, &b, 7), ERR_NO_MEMORY);
    CHECK_EQ(account_transfer(&a, &b, 11), ERR_NO_MEMORY);
    CHECK_EQ(a.limit, 10);
    CHECK_EQ(account_transfer(&a, &b, 6), OK);
    CHECK_EQ(a.limit, 4);
    CHECK_EQ(b.limit, 6);
    CHECK_EQ(account_charge(&a, 1), ERR_NO_MEMORY);
    account_refund(&a, 4);
    CHECK_EQ(account_transfer(&a, &a, 4), OK);
    CHECK_EQ(a.limit, 4);
}

// Others stop where what is kept begins, whatever resident ones take and give back meanwhile. The
// last test: from here on harts cache nothing.
TEST(what_is_kept_is_for_resident_spaces) {
    static struct frame *frames[MEGABYTES << 8];
    static struct space resident = {.resident = true}, other;
    struct frame *frame;
    uint64_t before = machine_free(), count = 0;
    frames_keep(100);
    CHECK_EQ(frames_kept(), 100);
    for (unsigned i = 0; i < 3; i++) { // none of it stays in a cache
        machine_hart->space = &resident;
        while (frame_allocate(0, FRAME_PAGE, &frames[count]) == OK)
            count++;
        CHECK_EQ(count, before);
        while (count != 0)
            frame_release(frames[--count]);
        machine_hart->space = &other;
        while (frame_allocate(0, FRAME_PAGE, &frames[count]) == OK)
            count++;
        CHECK_EQ(count, before - 100);
        CHECK_EQ(frame_allocate(3, FRAME_PAGE, &frame), ERR_NO_FRAME);
        CHECK_EQ(frame_allocate_zeroed(FRAME_PAGE, &frame), ERR_NO_FRAME);
        CHECK_EQ(frames_zero_some(1), 0);
        machine_hart->space = &resident; // one comes, and goes, and is nobody else's
        for (unsigned turn = 0; turn < 200; turn++) {
            frame = allocate(0);
            frame_release(frame);
            machine_hart->space = &other;
            CHECK_EQ(frame_allocate(0, FRAME_PAGE, &frame), ERR_NO_FRAME);
            machine_hart->space = &resident;
        }
        machine_hart->space = &other;
        CHECK_EQ(frames_kept(), 100);
        CHECK_EQ(machine_free(), 100);
        while (count != 0)
            frame_release(frames[--count]);
    }
    machine_hart->space = nullptr;
}
