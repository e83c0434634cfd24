#include "sync/spinlock.h"

static bool is_held(struct spinlock *lock) {
    return __c11_atomic_load(&lock->held, __ATOMIC_RELAXED) != 0;
}

void spinlock_wait(struct spinlock *lock) NO_THREAD_SAFETY_ANALYSIS {
    uint16_t ticket = __c11_atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__c11_atomic_load(&lock->owner, __ATOMIC_ACQUIRE) != ticket || is_held(lock) ||
           !spinlock_try(lock)) {
        hal_pause();
        hart_poll();
    }
    __c11_atomic_store(&lock->owner, (uint16_t)(ticket + 1), __ATOMIC_RELEASE);
}
