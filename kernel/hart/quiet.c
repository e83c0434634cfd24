#include "hart/quiet.h"

#include "hart/task.h"

// `quiet_now` counts deferrals. Each hart's `quiet` is the value that it saw at its last quiet
// point; what was deferred at stamp s may go when every hart's is at least s.
_Atomic uint64_t quiet_now = 1;
static struct spinlock lock;
static struct quiet *waiting, **last = &waiting;
static struct task task;

uint64_t quiet_stamp(void) { return __c11_atomic_fetch_add(&quiet_now, 1, __ATOMIC_SEQ_CST); }

static bool is_awaited(const struct hart *hart, uint64_t stamp) {
    return hart->online && __c11_atomic_load(&hart->quiet, __ATOMIC_ACQUIRE) <= stamp &&
           !__c11_atomic_load(&hart->idle, __ATOMIC_SEQ_CST);
}

bool quiet_passed(uint64_t stamp) {
    for (unsigned i = 0; i < hart_count; i++)
        if (is_awaited(harts[i], stamp))
            return false;
    return true;
}

bool quiet_passed_recently(uint32_t stamp_low) {
    uint64_t newest = __c11_atomic_load(&quiet_now, __ATOMIC_ACQUIRE);
    return quiet_passed(newest - (uint32_t)((uint32_t)newest - stamp_low));
}

void quiet_hurry(uint64_t stamp) {
    for (unsigned i = 0; i < hart_count; i++)
        if (harts[i] != hart_self() && is_awaited(harts[i], stamp))
            hal_hart_interrupt(harts[i], VECTOR_WAKE);
}

// One request serves all that was deferred before it.
static void quiet_ask(uint64_t stamp) {
    static uint64_t asked;
    if (stamp < asked)
        return;
    asked = __c11_atomic_load(&quiet_now, __ATOMIC_RELAXED);
    quiet_hurry(stamp);
}

static struct quiet *quiet_take(void) {
    spinlock_acquire(&lock);
    struct quiet *first = waiting;
    if (first != nullptr && quiet_passed(first->stamp)) {
        waiting = first->next;
        if (waiting == nullptr)
            last = &waiting;
    } else {
        first = nullptr;
    }
    spinlock_release(&lock);
    return first;
}

// Runs at a quiet point of this hart.
static bool quiet_run(struct task *self) {
    (void)self;
    static constexpr unsigned LIMIT = 32;
    quiet_point();
    for (unsigned i = 0; i < LIMIT; i++) {
        struct quiet *quiet = quiet_take();
        if (quiet == nullptr)
            break;
        quiet->passed(quiet);
    }
    spinlock_acquire(&lock);
    struct quiet *first = waiting;
    uint64_t stamp = first != nullptr ? first->stamp : 0;
    if (first == nullptr)
        task.run = nullptr;
    spinlock_release(&lock);
    if (first != nullptr)
        quiet_ask(stamp);
    return first == nullptr;
}

void quiet_defer(struct quiet *quiet, void (*passed)(struct quiet *quiet)) {
    quiet->passed = passed;
    quiet->next = nullptr;
    spinlock_acquire(&lock);
    quiet->stamp = quiet_stamp();
    *last = quiet;
    last = &quiet->next;
    bool start = task.run == nullptr;
    if (start)
        task.run = quiet_run;
    spinlock_release(&lock);
    if (start)
        task_add(&task);
}
