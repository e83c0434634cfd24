#include "sync/spinlock.h"

void spinlock_wait(struct spinlock *lock, uint16_t ticket) {
    while (__c11_atomic_load(&lock->owner, __ATOMIC_ACQUIRE) != ticket) {
        hal_pause();
        hart_poll();
    }
}
