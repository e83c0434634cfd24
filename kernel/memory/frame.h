// The frame database: one entry for each 4 KiB of RAM, and the allocator that sits on it.
//
// Invariants. A frame that is not free belongs to exactly one use, named by its state. The
// references of a table or page equal the entries that point to it (plus those of kernel objects).
// A table's sums equal what a walk of its entries gives. Free frames form a buddy system; frames in
// a hart's cache are free but out of the buddy lists.
#pragma once

#include "hal/hal.h"
#include "sync/spinlock.h"

enum frame_state : uint8_t {
    FRAME_RESERVED = 0, // not RAM, or not for use
    FRAME_FREE,         // in the buddy lists or a cache, contents unknown
    FRAME_ZEROED,       // free, and holds zeros
    FRAME_KERNEL,       // image, boot tables, stacks, the database itself
    FRAME_OBJECT,       // a process's kernel objects, its handle table
    FRAME_PAGE,         // contents of a program's memory
    FRAME_TABLE,        // a page table of an address space
    FRAME_MODULE,       // a boot module's, not opened yet
    FRAME_SWAPPING,     // being moved to or from the swap device
};

struct frame {
    _Atomic uint32_t references;
    enum frame_state state;
    uint8_t level;       // FRAME_TABLE: 1 to 4. Free: order of the block that it heads
    uint16_t present;    // FRAME_TABLE: entries that are not absent
    union {
        struct {             // FRAME_TABLE: sums over the entries below; "Who pays" in the design
            uint32_t charge; // frames granted, this table included
            uint32_t away;   // entries LENT or PAGER
            uint32_t holes;  // entries EMPTY
            uint32_t pinned; // entries LENT, borrowed, LANDING, in flight, or DMA
        };
        struct {
            uint32_t next, previous; // free: indices in the buddy list, 0 for none
        };
    };
    struct spinlock lock;       // a shared table
    uint8_t default_kind;       // FRAME_TABLE: what an all-zero entry means: ABSENT_EMPTY or ABSENT_ZERO
    uint8_t pins;               // DMA
    uint16_t default_rights;    // of those ZERO entries: ABSENT_WRITABLE, ABSENT_EXECUTABLE
};
static_assert(sizeof(struct frame) == 32);

// Builds the database from the memory map: BOOT_FREE becomes free, modules FRAME_MODULE.
void frames_initialize(const struct boot_info *boot);

struct frame *frame_of(paddr_t address); // nullptr: no RAM there
paddr_t frame_address(const struct frame *frame);

// Allocates 2^order neighbouring frames, aligned to their size; references 1, state as given
// (contents unknown) or zeroed. ERR_NO_FRAME. Any hart; takes from this hart's cache first.
status_t frame_allocate(unsigned order, enum frame_state state, struct frame **frame);
status_t frame_allocate_zeroed(enum frame_state state, struct frame **frame);

// Gives a block of 2^order frames back; nobody refers to it any more.
void frame_free(struct frame *frame, unsigned order);

// One reference more; one less, and back to the allocator with the last.
static inline void frame_reference(struct frame *frame) {
    __c11_atomic_fetch_add(&frame->references, 1, __ATOMIC_RELAXED);
}
void frame_release(struct frame *frame);

// Kernel task: zeroes up to `limit` free frames into this hart's stock; returns how many.
unsigned frames_zero_some(unsigned limit);

struct frame_counts {
    uint64_t total, free, zeroed, kernel, object, page, table, module, largest_free;
};
void frames_count(struct frame_counts *counts);

// Test aid: the n-th allocation from now on (1: the next) fails with ERR_NO_FRAME; 0 turns it off.
void frames_fail_at(unsigned allocation);
