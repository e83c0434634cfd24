#include "hal/x86_64/stacks.h"

#include "hal/paging.h"
#include "hal/x86_64/descriptors.h"
#include "hart/hart.h"
#include "memory/frame.h"

// Behind the harts' ordinary stacks in LAYOUT_STACKS; each hart's place follows from its index.
static constexpr uint64_t AREA = LAYOUT_STACKS + 64 * 1024 * 1024;
static constexpr uint64_t STRIDE = INTERRUPT_STACK_SIZE + PAGE_SIZE;

static_assert((HART_LIMIT + 1) * 2 * KERNEL_STACK_SIZE <= AREA - LAYOUT_STACKS);

// The stack above `guard`, which stays unmapped; returns its top, 0 if no frame is left.
static uint64_t create(uint64_t guard) {
    uint64_t top = guard + STRIDE;

    for (uint64_t page = guard + PAGE_SIZE; page < top; page += PAGE_SIZE) {
        struct frame *frame;

        if (frame_allocate(0, FRAME_KERNEL, &frame) != OK)
            return 0;
        paging_map(page, frame_address(frame), PAGE_SIZE, ENTRY_WRITE | ENTRY_NO_EXECUTE);
    }
    return top;
}

bool stacks_create(struct hart *hart) {
    uint64_t area = AREA + hart->index * STACKS * STRIDE;

    if (hart->arch.tss.ist[STACKS - 1])
        return true;
    for (unsigned i = 0; i < STACKS; i++) {
        hart->arch.tss.ist[i] = create(area + i * STRIDE);
        if (!hart->arch.tss.ist[i])
            return false;
    }
    return true;
}
