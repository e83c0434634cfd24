#include "hart/time.h"

#include "hart/hart.h"

// A pairing heap: the root's deadline is the nearest; each timer points to its first child and to its
// next sibling; `previous` is the sibling before it, or its parent if it is the first child.

static struct timer *meld(struct timer *a, struct timer *b) {
    if (a == nullptr || b == nullptr)
        return a != nullptr ? a : b;
    struct timer *root = a->deadline <= b->deadline ? a : b, *child = root == a ? b : a;
    child->sibling = root->child;
    if (child->sibling != nullptr)
        child->sibling->previous = child;
    child->previous = root;
    root->child = child;
    return root;
}

// Melds siblings in pairs from the left, then the results from the right.
static struct timer *meld_siblings(struct timer *first) {
    struct timer *pairs = nullptr, *root = nullptr;
    while (first != nullptr) {
        struct timer *a = first, *b = first->sibling;
        first = b != nullptr ? b->sibling : nullptr;
        a->sibling = a->previous = nullptr;
        if (b != nullptr)
            b->sibling = b->previous = nullptr;
        a = meld(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    while (pairs != nullptr) {
        struct timer *next = pairs->sibling;
        pairs->sibling = nullptr;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

static struct timer *heap_remove(struct timer *root, struct timer *timer) {
    struct timer *children = meld_siblings(timer->child);
    if (timer == root) {
        root = children;
    } else {
        if (timer->previous->child == timer)
            timer->previous->child = timer->sibling;
        else
            timer->previous->sibling = timer->sibling;
        if (timer->sibling != nullptr)
            timer->sibling->previous = timer->previous;
        root = meld(root, children);
    }
    timer->child = timer->sibling = timer->previous = nullptr;
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
