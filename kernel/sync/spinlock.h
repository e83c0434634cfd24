// Spinlocks: fair (tickets), for data that several harts change.
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
#define EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

// Serves flush requests and the like; called by every loop that waits for another hart.
void hart_poll(void);

struct CAPABILITY("spinlock") spinlock {
    _Atomic uint16_t next, owner; // tickets: handed out, being served
};

// Takes the lock; spins until it is this hart's turn.
void spinlock_wait(struct spinlock *lock, uint16_t ticket);

static inline void spinlock_acquire(struct spinlock *lock) ACQUIRE(*lock) NO_THREAD_SAFETY_ANALYSIS {
    uint16_t ticket = __c11_atomic_fetch_add(&lock->next, 1, __ATOMIC_ACQUIRE);
    if (__builtin_expect(__c11_atomic_load(&lock->owner, __ATOMIC_ACQUIRE) != ticket, 0))
        spinlock_wait(lock, ticket);
}

// Gives the lock to the next in line. A plain store: only the holder writes `owner`.
static inline void spinlock_release(struct spinlock *lock) RELEASE(*lock) NO_THREAD_SAFETY_ANALYSIS {
    uint16_t owner = __c11_atomic_load(&lock->owner, __ATOMIC_RELAXED);
    __c11_atomic_store(&lock->owner, (uint16_t)(owner + 1), __ATOMIC_RELEASE);
}
