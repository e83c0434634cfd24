// Spinlocks, for data that several harts change. Who has to wait waits in line (tickets); only
// whoever comes just as the lock is free may be faster than the head of the line.
//
// Rules. Interrupts are off whenever kernel code runs, so a lock is never taken by an interrupt of
// the hart that holds it. A holder does not block, does not wait for another hart's acknowledgement
// and does not take a lock that stands earlier in the lock order (sync/order.h). While spinning a
// hart serves flush requests (hart_poll), so a hart that waits for acknowledgements never waits for
// a spinning one.
#pragma once

#include <stdint.h>

#include "hal/hal.h"

#define CAPABILITY(name) __attribute__((capability(name)))
#define ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define TRY_ACQUIRE(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

// Serves flush requests and the like; called by every loop that waits for another hart.
void hart_poll(void);

struct CAPABILITY("spinlock") spinlock {
    _Atomic uint32_t held;        // 0 or 1
    _Atomic uint16_t next, owner; // tickets of those that wait: handed out, at the head of the line
};

// Waits for the lock in line, and takes it. Saves what it uses, so that whoever does not have to
// wait saves nothing.
[[clang::preserve_most]] void spinlock_wait(struct spinlock *lock);

// Takes the lock if it is free.
static inline bool spinlock_try(struct spinlock *lock) TRY_ACQUIRE(true, *lock)
    NO_THREAD_SAFETY_ANALYSIS {
    return !(__c11_atomic_fetch_or(&lock->held, 1, __ATOMIC_ACQUIRE) & 1);
}

static inline void spinlock_acquire(struct spinlock *lock) ACQUIRE(*lock)
    NO_THREAD_SAFETY_ANALYSIS {
    if (__builtin_expect(!spinlock_try(lock), 0))
        spinlock_wait(lock);
}

// A plain store: only the holder changes `held` back.
static inline void spinlock_release(struct spinlock *lock) RELEASE(*lock)
    NO_THREAD_SAFETY_ANALYSIS {
    __c11_atomic_store(&lock->held, 0, __ATOMIC_RELEASE);
}

// Two locks, lower address first; they may be one.
static inline void spinlocks_acquire(struct spinlock *a, struct spinlock *b) ACQUIRE(*a, *b)
    NO_THREAD_SAFETY_ANALYSIS {
    spinlock_acquire(a < b ? a : b);
    if (a != b)
        spinlock_acquire(a < b ? b : a);
}

static inline void spinlocks_release(struct spinlock *a, struct spinlock *b) RELEASE(*a, *b)
    NO_THREAD_SAFETY_ANALYSIS {
    spinlock_release(a);
    if (b != a)
        spinlock_release(b);
}
