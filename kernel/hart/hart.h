// A hart's own state. Reached through the GS base without a lock; only its owner writes it, except
// the fields marked atomic, where others post requests.
#pragma once

#include <abi/rights.h>

#include "hal/hal.h"
#include "sync/spinlock.h"

struct thread;
struct space;

static constexpr unsigned BANDS = 3; // driver, normal, idle

// Why switching from the current thread takes more than loading another's root.
static constexpr uint32_t SPECIAL_VECTORS = 1 << 0; // it has touched vector registers
static constexpr uint32_t SPECIAL_FS = 1 << 1;      // it has an FS base

// No timer is armed.
static constexpr ticks_t TICK_NEVER = ~0ull;

// Linked by thread->next.
struct thread_list {
    struct thread *first, *last; // the last counts unless the list is empty
};

struct hart_counters {
    uint64_t idle_ticks, switches, space_loads, space_keeps, page_flushes, flush_ipis, wake_ipis,
        interrupts, spurious;
    uint32_t objects[OBJECT_TYPES]; // made here, less those freed here: the harts' sum counts
};

struct hart {
    // Offsets known to entry.S.
    struct hart *self;          // 0x00
    uint64_t messages;          // 0x08 numbered so far
    uint64_t kernel_stack;      // 0x10 top of this hart's stack
    struct thread *current;     // 0x18 nullptr: idle
    int64_t tokens;             // 0x20 of the current thread
    uint32_t trace;             // 0x28 not 0: record messages
    uint32_t special;           // 0x2c SPECIAL_ bits of the thread; with `trace`: no fast path
    ticks_t tick_guard;         // 0x30 when the one-shot timer fires, less one; ~0 - 1: not armed

    _Atomic(struct space *) space; // whose root is loaded; nullptr: the kernel's. Others read it
    uint64_t generation;           // of that space when it was loaded

    uint32_t index;
    bool online;
    int64_t tokens_seen;  // tokens at the last tick
    ticks_t switched;     // when `current` began to run
    struct thread_list queue[BANDS];
    uint32_t queued;      // threads in the queues
    _Atomic uint32_t load; // the same plus the running one, for others to read
    struct task *tasks;    // kernel work to do before a thread is picked

    struct spinlock timers_lock;
    struct timer *timers; // a heap, nearest deadline at the root
    ticks_t nearest;      // that deadline, or TICK_NEVER; the owner reads it unlocked,
                          // others only take timers out: it is too early at worst

    _Atomic(struct thread *) inbox; // threads that others made runnable here (a stack)
    _Atomic uint32_t flush;         // counts flush requests made to this hart (memory/tlb.h)
    _Atomic uint32_t flushed;       // of these, served
    bool flush_asked;               // it asked others and has not waited for them yet
    _Atomic bool idle;              // asleep, or about to be: wake by VECTOR_WAKE
    _Atomic uint64_t quiet;         // counts quiet points passed

    const struct registers *stopped; // its last state, when a crash has stopped it
    struct trace_ring *ring;
    uint64_t tagged[SPACE_TAGS]; // generations of which translations are kept (memory/tlb.c)
    struct hart_counters counters;
    struct hart_arch arch;
};
static_assert(offsetof(struct hart, current) == 0x18 && offsetof(struct hart, trace) == 0x28);
static_assert(offsetof(struct hart, special) == 0x2c && offsetof(struct hart, tick_guard) == 0x30);

// All harts that are online or being started, by index.
extern struct hart *harts[];
extern unsigned hart_count;


// When this hart's timer fires, TICK_NEVER if it is not armed.
static inline ticks_t hart_tick(const struct hart *hart) { return hart->tick_guard + 1; }
static inline void hart_tick_set(struct hart *hart, ticks_t tick) { hart->tick_guard = tick - 1; }
