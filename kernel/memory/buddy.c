#include "memory/buddy.h"

static struct spinlock lock;
static uint32_t first[FRAME_ORDERS]; // number of the first free block, 0 for none
static uint32_t orders;              // bit n: list n is not empty
static uint64_t frames;              // in all of them

// Frames whose entries of the database stand in one page of it, so that one is readable if the
// other is.
static constexpr unsigned SAME_PAGE_ORDER = 7;

static void list_push(struct frame *frame, unsigned order) REQUIRES(lock) {
    frame_use(frame, FRAME_FREE, order);
    frame_link(&first[order], frame);
    orders |= 1u << order;
}

static void list_remove(struct frame *frame, unsigned order) REQUIRES(lock) {
    frame_use(frame, FRAME_FREE, FRAME_INSIDE);
    frame_unlink(&first[order], frame);
    if (first[order] == 0)
        orders &= ~(1u << order);
}

// The block beside one of the same order, if it is free as a whole.
static struct frame *neighbour(uint64_t number, unsigned order) REQUIRES(lock) {
    uint64_t other = number ^ 1ull << order;
    if (order >= SAME_PAGE_ORDER && frame_of(other << PAGE_BITS) == nullptr)
        return nullptr;
    struct frame *frame = frame_number(other);
    uint16_t use = __c11_atomic_load(&frame->use, __ATOMIC_RELAXED);
    return use == (FRAME_FREE | order << 8) ? frame : nullptr;
}

static void put_locked(struct frame *frame, unsigned order) REQUIRES(lock) {
    uint64_t number = number_of_frame(frame);
    frames += 1ull << order;
    for (; order < FRAME_ORDERS - 1; order++) {
        struct frame *other = neighbour(number, order);
        if (other == nullptr)
            break;
        list_remove(other, order);
        number &= ~(1ull << order);
    }
    list_push(frame_number(number), order);
}

void buddy_put(struct frame *frame, unsigned order) {
    spinlock_acquire(&lock);
    put_locked(frame, order);
    spinlock_release(&lock);
}

void buddy_put_list(uint32_t *list, unsigned count) {
    spinlock_acquire(&lock);
    while (count-- != 0)
        put_locked(frame_pop(list), 0);
    spinlock_release(&lock);
}

struct frame *buddy_take(unsigned order, uint64_t least) {
    struct frame *frame = nullptr;
    spinlock_acquire(&lock);
    uint32_t large_enough = orders & ~0u << order;
    uint64_t left = frames - (1ull << order);
    if (large_enough != 0 && left >= least) {
        frames = left;
        unsigned found = (unsigned)__builtin_ctz(large_enough);
        frame = frame_number(first[found]);
        list_remove(frame, found);
        while (found > order) {
            found--;
            list_push(frame + (1ull << found), found);
        }
    }
    spinlock_release(&lock);
    return frame;
}

int buddy_largest(void) {
    spinlock_acquire(&lock);
    int order = orders != 0 ? 31 - __builtin_clz(orders) : -1;
    spinlock_release(&lock);
    return order;
}
