#include "hart/time.h"

#include "hart/hart.h"

// A skew heap (Sleator and Tarjan, "Self-Adjusting Heaps", 1986): no deadline is nearer than its
// parent's. Melding goes down the right sides and exchanges sides on the way, which keeps them
// short: O(log n) on the average of any sequence of operations.

static struct timer *meld(struct timer *a, struct timer *b) {
    struct timer *root = nullptr, *parent = nullptr, **link = &root;
    while (a != nullptr && b != nullptr) {
        struct timer *top = a->deadline <= b->deadline ? a : b;
        b = top == a ? b : a;
        a = top->right;
        top->right = top->left;
        top->parent = parent;
        *link = parent = top;
        link = &top->left;
    }
    *link = a != nullptr ? a : b;
    if (*link != nullptr)
        (*link)->parent = parent;
    return root;
}

static struct timer *heap_remove(struct timer *root, struct timer *timer) {
    struct timer *rest = meld(timer->left, timer->right), *parent = timer->parent;
    if (rest != nullptr)
        rest->parent = parent;
    if (parent == nullptr)
        root = rest;
    else if (parent->left == timer)
        parent->left = rest;
    else
        parent->right = rest;
    timer->left = timer->right = timer->parent = nullptr;
    return root;
}

static void heap_set(struct hart *hart, struct timer *root) {
    hart->timers = root;
    hart->nearest = root != nullptr ? root->deadline : TICK_NEVER;
}

static void mark_set(struct timer *timer, bool armed) {
    if (timer->mark != nullptr)
        *timer->mark = armed;
}

void timer_arm(struct timer *timer, ticks_t deadline) {
    struct hart *hart = hart_self();
    spinlock_acquire(&hart->timers_lock);
    timer->deadline = deadline;
    timer->hart = hart;
    mark_set(timer, true);
    heap_set(hart, meld(hart->timers, timer));
    spinlock_release(&hart->timers_lock);
}

void timer_cancel(struct timer *timer) {
    struct hart *hart;
    while ((hart = *(struct hart *volatile *)&timer->hart) != nullptr) {
        spinlock_acquire(&hart->timers_lock);
        if (timer->hart == hart) {
            heap_set(hart, heap_remove(hart->timers, timer));
            timer->hart = nullptr;
        }
        spinlock_release(&hart->timers_lock);
    }
    timer->deadline = 0;
    mark_set(timer, false);
}

static struct timer *expired_take(struct hart *hart) {
    ticks_t now = hal_ticks();
    spinlock_acquire(&hart->timers_lock);
    struct timer *timer = hart->timers;
    if (timer != nullptr && timer->deadline <= now) {
        heap_set(hart, heap_remove(timer, timer));
        timer->hart = nullptr;
    } else {
        timer = nullptr;
    }
    spinlock_release(&hart->timers_lock);
    return timer;
}

void timers_run(struct hart *hart) {
    struct timer *timer;
    while ((timer = expired_take(hart)) != nullptr)
        timer->expired(timer);
}
