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
    FRAME_PAGE,         // contents of a program's memory: a page, or the first frame of a large
                        // page, whose others look like those inside a free block
    FRAME_TABLE,        // a page table of an address space
    FRAME_MODULE,       // a boot module's, not opened yet
};

struct heap;

struct frame {
    _Atomic uint32_t references;
    union {
        struct {
            enum frame_state state;
            uint8_t level; // FRAME_TABLE: 1 to 4. FRAME_PAGE: 1, or of the large page it heads.
                           // Free: order of the block that it heads, FRAME_INSIDE in none.
                           // FRAME_OBJECT of a heap: its size class
        };
        _Atomic uint16_t use; // both: written together (frame_use), since the buddy system looks
                              // at neighbours that belong to others
    };
    uint16_t present;    // FRAME_TABLE: entries that are not absent. Of a heap: blocks in use
    union {
        struct {             // FRAME_TABLE: sums over the entries below; "Who pays" in the design
            uint32_t charge; // frames granted, this table included
            uint32_t holes;  // entries EMPTY
            uint32_t away;   // entries LENT or PAGER
            uint32_t pinned; // entries LENT, borrowed, LANDING, in flight, or DMA
        };
        uint64_t sums[2];    // the same, two by two: most changes are of one of these
        struct {
            union {
                struct heap *heap;      // FRAME_OBJECT of a heap
                _Atomic uint32_t dirty; // large page (memory/large.h): pages not zeroed yet
            };
            union {
                struct {
                    uint32_t next, previous; // numbers in a list, 0 for none
                };
                uint32_t split_table[2]; // large page: the table that entries of level 2, 3 stand
                                         // for, by number
            };
        };
    };
    uint32_t unused;
    uint8_t large;           // FRAME_TABLE: not 0 if one of its entries has ever been a large page
    uint8_t pins;            // DMA. Free: 1 if it holds the debug pattern
    union {
        uint16_t default_entry; // FRAME_TABLE: what all-zero entries mean (memory/entry.h)
        uint16_t first_free;    // of a heap: number of its first free block, counted from 1
    };
};
static_assert(sizeof(struct frame) == 32);

static constexpr uint8_t FRAME_INSIDE = 0xff;
static constexpr unsigned FRAME_ORDERS = 19; // blocks of up to 2^18 frames: 1 GiB

// Builds the database from the memory map: BOOT_FREE becomes free, modules FRAME_MODULE.
void frames_initialize(const struct boot_info *boot);

struct frame *frame_of(paddr_t address); // nullptr: no RAM there

// Frames by number; no check: the number must be one of RAM.
static inline struct frame *frame_number(uint64_t number) {
    return (struct frame *)LAYOUT_FRAMES + number;
}

static inline uint64_t number_of_frame(const struct frame *frame) {
    return (uint64_t)(frame - (const struct frame *)LAYOUT_FRAMES);
}

static inline paddr_t frame_address(const struct frame *frame) {
    return number_of_frame(frame) << PAGE_BITS;
}

static inline void *frame_contents(const struct frame *frame) {
    return physical_to_virtual(frame_address(frame));
}

static inline void frame_use(struct frame *frame, enum frame_state state, unsigned level) {
    __c11_atomic_store(&frame->use, (uint16_t)(state | level << 8), __ATOMIC_RELAXED);
}

// Lists of frames that are free, wait to be, or are a heap's, by the number of the first: in front
// and off it again.
static inline void frame_push(uint32_t *first, struct frame *frame) {
    frame->next = *first;
    *first = (uint32_t)number_of_frame(frame);
}

static inline struct frame *frame_pop(uint32_t *first) {
    if (*first == 0)
        return nullptr;
    struct frame *frame = frame_number(*first);
    *first = frame->next;
    return frame;
}

// The same where any frame may leave.
static inline void frame_link(uint32_t *first, struct frame *frame) {
    frame_push(first, frame);
    frame->previous = 0;
    if (frame->next != 0)
        frame_number(frame->next)->previous = *first;
}

static inline void frame_unlink(uint32_t *first, struct frame *frame) {
    if (frame->next != 0)
        frame_number(frame->next)->previous = frame->previous;
    if (frame->previous != 0)
        frame_number(frame->previous)->next = frame->next;
    else
        *first = frame->next;
}

// Allocates 2^order neighbouring frames, aligned to their size; the first has references 1, level 1
// and the state given (contents unknown, or zeroed), the others look like those inside a free
// block. ERR_NO_FRAME. Any hart; takes from its own cache first, and from all others' before it
// fails.
status_t frame_allocate(unsigned order, enum frame_state state, struct frame **frame);
status_t frame_allocate_zeroed(enum frame_state state, struct frame **frame);

// Begins the use of a frame inside an allocated block: references 1.
void frame_begin(struct frame *frame, enum frame_state state, unsigned level);

// How many of these this hart would not have to zero first.
unsigned frames_in_stock(void);

// From now on leaves so many free frames to resident spaces. How many they are.
void frames_keep(uint64_t frames);
uint64_t frames_kept(void);

// Gives a block of 2^order frames back; nobody refers to it any more.
void frame_free(struct frame *frame, unsigned order);

// One reference more; one less, and back to the allocator with the last.
static inline void frame_reference(struct frame *frame) {
    __c11_atomic_fetch_add(&frame->references, 1, __ATOMIC_RELAXED);
}
void frame_release(struct frame *frame);

// Frames of a page of a level, as the order of a block.
static inline unsigned level_order(unsigned level) { return (level - 1) * ENTRY_BITS; }

// The use changes, of a frame that stays allocated.
void frame_set_state(struct frame *frame, enum frame_state state);

// The frame that all reads of untouched ZERO memory share. Never freed, never written.
extern struct frame *zero_frame;

// Kernel task: frees up to `limit` tables that wait for it, or zeroes free frames into this hart's
// stock; returns how many (0: the stock is full, or nothing is free).
unsigned frames_zero_some(unsigned limit);

// Frames by use. Free are `free` (contents unknown) and `zeroed` together; largest_free: the
// largest block that one allocation can have.
struct frame_counts {
    uint64_t total, free, zeroed, kernel, object, page, table, module, largest_free;
};
void frames_count(struct frame_counts *counts);

// Test aid: the n-th allocation from now on (1: the next) fails with ERR_NO_FRAME; 0 turns it off.
void frames_fail_at(unsigned allocation);

// Calls for each run of frame numbers that are RAM, [first, last).
void frames_each_range(void (*body)(uint64_t first, uint64_t last, void *argument), void *argument);
