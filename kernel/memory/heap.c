// Each frame of a heap holds blocks of one size class. Free blocks form a list by number in their
// first bytes; the frame's database entry holds its head, the blocks in use and the heap.
#include "memory/heap.h"

#include "debug/crash.h"
#include "hal/string.h"

static size_t class_size(unsigned size_class) { return HEAP_SMALLEST << size_class; }

static unsigned class_of(size_t size) {
    return size > HEAP_SMALLEST ? 64 - (unsigned)__builtin_clzll((size - 1) / HEAP_SMALLEST) : 0;
}

static struct frame *block_frame(const void *block) {
    return frame_number(virtual_to_physical(block) >> PAGE_BITS);
}

static uint16_t *block_of(const struct frame *frame, unsigned number) {
    return (uint16_t *)((char *)frame_contents(frame) + (number - 1) * class_size(frame->level));
}

void heap_initialize(struct heap *heap, struct account *account) {
    *heap = (struct heap){.account = account};
}

// --- frames --------------------------------------------------------------------------------------

static void blocks_link(struct frame *frame) {
    unsigned blocks = (unsigned)(PAGE_SIZE / class_size(frame->level));
    for (unsigned number = 1; number <= blocks; number++)
        *block_of(frame, number) = (uint16_t)(number < blocks ? number + 1 : 0);
    frame->first_free = 1;
}

static status_t heap_grow(struct heap *heap, unsigned size_class) REQUIRES(heap->lock) {
    struct frame *frame;
    status_t status = account_allocate(heap->account, 0, false, &frame);
    if (status != OK)
        return status;
    frame_use(frame, FRAME_OBJECT, size_class);
    frame->heap = heap;
    blocks_link(frame);
    frame_link(&heap->partial[size_class], frame);
    heap->frames++;
    return OK;
}

// --- blocks --------------------------------------------------------------------------------------

static void *block_take(struct heap *heap, struct frame *frame) REQUIRES(heap->lock) {
    uint16_t *block = block_of(frame, frame->first_free);
    frame->first_free = *block;
    frame->present++;
    if (frame->first_free == 0)
        frame_unlink(&heap->partial[frame->level], frame);
    return block;
}

status_t heap_allocate(struct heap *heap, size_t size, void **block) {
    assert(size <= HEAP_LARGEST);
    unsigned size_class = class_of(size);
    status_t status = OK;
    spinlock_acquire(&heap->lock);
    if (heap->partial[size_class] == 0)
        status = heap_grow(heap, size_class);
    if (status == OK)
        *block = block_take(heap, frame_number(heap->partial[size_class]));
    spinlock_release(&heap->lock);
    if (status == OK)
        memset(*block, 0, size);
    return status;
}

void heap_free(void *block) {
    struct frame *frame = block_frame(block);
    struct heap *heap = frame->heap;
    uint64_t offset = virtual_to_physical(block) & (PAGE_SIZE - 1);
    spinlock_acquire(&heap->lock);
    assert(frame->state == FRAME_OBJECT && frame->present != 0);
    if (frame->first_free == 0)
        frame_link(&heap->partial[frame->level], frame);
    *(uint16_t *)block = frame->first_free;
    frame->first_free = (uint16_t)(offset / class_size(frame->level) + 1);
    if (--frame->present == 0) {
        frame_unlink(&heap->partial[frame->level], frame);
        heap->frames--;
        account_free(heap->account, frame, 0);
    }
    spinlock_release(&heap->lock);
}
