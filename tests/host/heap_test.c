// Kernel objects of one process.
//
// sources: kernel/memory/heap.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/memory/entry.c kernel/debug/canary.c
// sources: kernel/memory/account.c kernel/memory/tlb.c kernel/sync/spinlock.c
// sources: tests/host/hal/machine.c
// sources: kernel/memory/large.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "memory/heap.h"
#include "test.h"

#include <stdlib.h>

static struct account account = {.limit = 1000};
static struct heap heap;

static void *allocate(size_t size) {
    void *block = nullptr;
    CHECK_EQ(heap_allocate(&heap, size, &block), OK);
    return block;
}

TEST(blocks_are_zeroed_and_aligned) {
    machine_start(16, 2);
    heap_initialize(&heap, &account);
    for (size_t size = 1; size <= HEAP_LARGEST; size += 61) {
        char *block = allocate(size);
        CHECK_EQ((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < size; i++)
            CHECK_EQ(block[i], 0);
        memset(block, 0xff, size);
        heap_free(block);
    }
    CHECK_EQ(heap.frames, 0);
    CHECK_EQ(account.used, 0);
}

TEST(a_frame_holds_as_many_as_fit) {
    uint64_t before = machine_free();
    static void *blocks[64];
    for (unsigned i = 0; i < 64; i++)
        blocks[i] = allocate(64);
    CHECK_EQ(heap.frames, 1);
    CHECK_EQ(account.used, 1);
    CHECK_EQ(account.objects, 1);
    void *more = allocate(1);
    CHECK_EQ(heap.frames, 2);
    heap_free(blocks[10]);
    CHECK(allocate(33) == blocks[10] || heap.frames == 2);
    heap_free(more);
    for (unsigned i = 0; i < 64; i++)
        if (heap.frames != 0)
            heap_free(blocks[i]);
    CHECK_EQ(heap.frames, 0);
    CHECK_EQ(machine_free(), before);
}

TEST(refused_at_the_limit_and_without_frames) {
    account.limit = 2;
    void *first = allocate(2048), *second = allocate(2048), *third = allocate(64), *none;
    CHECK_EQ(heap_allocate(&heap, 128, &none), ERR_NO_MEMORY);
    account.limit = 1000;
    frames_fail_at(1);
    CHECK_EQ(heap_allocate(&heap, 128, &none), ERR_NO_FRAME);
    CHECK_EQ(account.used, 2);
    CHECK_EQ(account.objects, 2);
    heap_free(first);
    heap_free(third);
    heap_free(second);
    CHECK_EQ(account.used, 0);
}

TEST(the_largest_block_fills_a_frame) {
    uint64_t before = machine_free();
    uint8_t *first = allocate(2688), *second = allocate(HEAP_LARGEST); // 2688: AVX-512 state
    memset(first, 1, 2688);
    memset(second, 2, HEAP_LARGEST);
    CHECK_EQ(account.used, 2);
    CHECK_EQ(first[2687], 1);
    heap_free(first);
    CHECK_EQ(second[0], 2);
    heap_free(second);
    CHECK_EQ(account.used, 0);
    CHECK_EQ(machine_free(), before);
}

TEST(random_blocks_keep_their_contents) {
    static struct {
        uint8_t *block;
        size_t size;
    } blocks[500];
    uint64_t before = machine_free();
    srand(7);
    for (unsigned step = 0; step < 50'000; step++) {
        unsigned i = (unsigned)rand() % 500;
        machine_switch((unsigned)rand() % 2);
        if (blocks[i].block != nullptr) {
            for (size_t n = 0; n < blocks[i].size; n += 17)
                CHECK_EQ(blocks[i].block[n], (uint8_t)i);
            heap_free(blocks[i].block);
            blocks[i].block = nullptr;
        } else {
            blocks[i].size = 1 + (size_t)rand() % (rand() % 8 ? 300 : HEAP_LARGEST);
            blocks[i].block = allocate(blocks[i].size);
            memset(blocks[i].block, (int)i, blocks[i].size);
        }
        CHECK_EQ(account.used, heap.frames);
    }
    for (unsigned i = 0; i < 500; i++)
        if (blocks[i].block != nullptr)
            heap_free(blocks[i].block);
    machine_switch(0);
    CHECK_EQ(heap.frames, 0);
    CHECK_EQ(account.used + account.objects, 0);
    CHECK_EQ(machine_free(), before);
}
