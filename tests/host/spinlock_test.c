// Spinlocks between threads: exclusive, and whoever waits in line gets its turn.
//
// sources: kernel/sync/spinlock.c
// sources: tests/host/harts/arch.c
// options: thread
#include "harts.h"
#include "sync/spinlock.h"
#include "test.h"

#include <pthread.h>

static constexpr unsigned THREADS = 4, TURNS = 20'000;

static struct spinlock lock;
static uint64_t counter, tries;

static void *count(void *argument) NO_THREAD_SAFETY_ANALYSIS {
    bool tries_first = argument != nullptr;
    for (unsigned i = 0; i < TURNS; i++) {
        if (!tries_first || !spinlock_try(&lock))
            spinlock_acquire(&lock);
        else
            tries++;
        counter++; // the sanitizer sees it if two do this at once
        spinlock_release(&lock);
    }
    return nullptr;
}

TEST(one_at_a_time) {
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], nullptr, count, i % 2 ? &lock : nullptr), 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], nullptr), 0);
    CHECK_EQ(counter, THREADS * TURNS);
    CHECK_EQ(lock.held, 0);
    CHECK_EQ(lock.next, lock.owner);
}

static bool try_twice(void) NO_THREAD_SAFETY_ANALYSIS {
    bool first = spinlock_try(&lock), second = spinlock_try(&lock);
    spinlock_release(&lock);
    return first && !second;
}

TEST(trying_does_not_wait) {
    CHECK(try_twice());
    CHECK(try_twice());
}
