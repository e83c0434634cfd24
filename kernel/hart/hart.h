// A hart's own state. Reached through the GS base without a lock; only its owner writes it, except
// the fields marked atomic, where others post requests.
#pragma once

#include "hal/hal.h"
#include "sync/spinlock.h"

struct thread;
struct process;
struct space;
struct handle_entry;

static constexpr unsigned BANDS = 3; // driver, normal, idle

struct run_queue {
    struct thread *first, *last;
};

struct hart_counters {
    uint64_t idle_ticks, switches, space_loads, page_flushes, flush_ipis, wake_ipis, interrupts,
        spurious;
};

struct hart {
    // Offsets known to entry.S.
    struct hart *self;          // 0x00
    uint64_t user_rsp;          // 0x08 scratch of the system-call entry
    uint64_t kernel_stack;      // 0x10 top of this hart's stack
    struct thread *current;     // 0x18 nullptr: idle
    int64_t tokens;             // 0x20 of the current thread
    uint64_t trace;             // 0x28 not 0: record messages
    ticks_t deadline;           // 0x30 r10 of the system call in hand

    // The current process, for the message path.
    struct handle_entry *handles; // its table
    uint64_t handles_limit;       // entries in it
    struct process *process;
    _Atomic(struct space *) space; // whose root is loaded; nullptr: the kernel's own. Others read it
    uint64_t generation;           // of that space when it was loaded

    uint32_t index;
    bool online;
    bool fs_used;         // the current thread has an FS base
    bool vector_used;     // the current thread has touched vector registers
    ticks_t tick;         // when the one-shot timer fires; ~0: not armed
    int64_t tokens_seen;  // tokens at the last tick
    ticks_t switched;     // when `current` began to run
    struct run_queue queue[BANDS];
    uint32_t queued;      // threads in the queues
    _Atomic uint32_t load; // the same plus the running one, for others to read
    struct task *tasks;    // kernel work to do before a thread is picked

    struct spinlock timers_lock;
    struct timer *timers; // a heap, nearest deadline at the root

    _Atomic(struct thread *) inbox; // threads that others made runnable here (a stack)
    _Atomic uint32_t flush;         // counts flush requests made to this hart (memory/tlb.h)
    _Atomic uint32_t flushed;       // of these, served
    bool flush_asked;               // it asked others and has not waited for them yet
    _Atomic bool idle;              // asleep, or about to be: wake by VECTOR_WAKE
    _Atomic uint64_t quiet;         // counts quiet points passed

    const struct registers *stopped; // its last state, when a crash has stopped it
    struct trace_ring *ring;
    uint64_t messages; // numbered so far
    struct hart_counters counters;
    struct hart_arch arch;
};
static_assert(offsetof(struct hart, current) == 0x18 && offsetof(struct hart, trace) == 0x28);
static_assert(offsetof(struct hart, deadline) == 0x30);

// All harts that are online or being started, by index.
extern struct hart *harts[];
extern unsigned hart_count;

