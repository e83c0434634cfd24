#include "hart/ignition.h"

#include "debug/crash.h"
#include "debug/log.h"
#include "hart/schedule.h"
#include "memory/frame.h"

LOG_MODULE(LOG_HART);

static_assert(sizeof(struct hart) <= PAGE_SIZE);

alignas(PAGE_SIZE) static struct hart boot_hart;

void boot_hart_prepare(void) {
    hart_prepare(&boot_hart, 0);
    hart_count = 1;
    hal_hart_block_set(&boot_hart);
}

void boot_hart_initialize(void) {
    if (!hal_hart_stacks(&boot_hart))
        panic("no memory for the boot hart's stacks");
    hal_hart_initialize(&boot_hart);
    boot_hart.online = true;
}

static struct hart *hart_create(unsigned index) {
    struct frame *frame;
    if (frame_allocate_zeroed(FRAME_KERNEL, &frame) != OK)
        return nullptr;
    struct hart *hart = physical_to_virtual(frame_address(frame));
    hart_prepare(hart, index);
    return hal_hart_stacks(hart) ? hart : nullptr;
}

// A hart's first steps of its own.
static void hart_arrive(struct hart *hart) {
    hart->online = true;
    hart_run(hart);
}

void harts_ignite(void) {
    unsigned listed = hal_hart_count(), running = 1;
    for (unsigned i = 1; i < listed; i++) {
        struct hart *hart = hart_create(i);
        if (hart == nullptr) {
            log_warning("no memory for hart %u and those after it", i);
            break;
        }
        hart_count = i + 1;
        if (hal_hart_start(hart, hart_arrive))
            running++;
    }
    log_info("%u of %u harts run", running, listed);
}
