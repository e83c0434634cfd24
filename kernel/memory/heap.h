// Kernel objects of one process: small blocks carved out of frames that its account pays for.
// A block is freed by pointer alone, from any hart; a frame whose blocks are all free goes back.
#pragma once

#include "memory/account.h"
#include "memory/frame.h"
#include "sync/spinlock.h"

static constexpr unsigned HEAP_CLASSES = 7; // 64, 128, ... 4096 bytes
static constexpr size_t HEAP_SMALLEST = 64, HEAP_LARGEST = 4096; // AVX-512 state: 2688

struct heap {
    struct spinlock lock;
    struct account *account;
    uint32_t partial[HEAP_CLASSES]; // frames with a free block, a list
    uint32_t frames;                // that the heap holds
};

void heap_initialize(struct heap *heap, struct account *account);

// A zeroed block of at least `size` bytes (up to HEAP_LARGEST), aligned to 64. ERR_NO_MEMORY,
// ERR_NO_FRAME.
status_t heap_allocate(struct heap *heap, size_t size, void **block);
void heap_free(void *block);
