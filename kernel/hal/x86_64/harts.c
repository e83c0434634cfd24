#include "hal/x86_64/harts.h"

#include "debug/log.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/apic.h"
#include "hal/x86_64/clock.h"
#include "hal/x86_64/descriptors.h"
#include "hal/x86_64/image.h"
#include "hal/x86_64/processor.h"
#include "hal/x86_64/start.h"
#include "hal/x86_64/vector.h"
#include "hart/hart.h"

LOG_MODULE(LOG_HART);

// An xAPIC names eight bits of an id, and 255 is all of them.
static constexpr uint32_t XAPIC_ID_LIMIT = 0xff;

static constexpr unsigned ANSWER_LIMIT_US = 200'000;

static uint32_t reach; // APIC ids from here on cannot be named

static _Atomic bool answered;
static void (*kernel_entry)(struct hart *hart);
static struct hart *starting;

// Entry 0 points to the table itself, so that for a low address the walk ends in this page again,
// as level 1, where entry 8 is the trampoline. Its upper half is the kernel's.
alignas(PAGE_SIZE) entry_t start_table[TABLE_ENTRIES];

unsigned hal_hart_count(void) { return acpi.harts; }

void harts_initialize(void) {
    reach = acpi.largest_apic_id >= XAPIC_ID_LIMIT && !apic_use_x2() ? XAPIC_ID_LIMIT : UINT32_MAX;
    log_info("harts: %u listed, %u disabled", acpi.harts, acpi.harts_disabled);
    if (acpi.harts_left_out)
        log_warning("%u harts left out: at most %u can run", acpi.harts_left_out, HART_LIMIT);
}

void hal_hart_initialize(struct hart *hart) {
    if (hart->index == 0) {
        processor_detect();
        descriptors_initialize();
    }
    processor_control();
    descriptors_load(hart);
    hal_vector_clear();
    if (hart->index == 0)
        apic_initialize();
    apic_enable();
    hart->arch.apic_id = apic_id();
}

// A started hart comes here from the trampoline, on its own stack.
[[noreturn]] static void arrive(paddr_t) {
    struct hart *hart = starting;

    hal_space_load(paging_kernel_root());
    hal_hart_initialize(hart);
    timer_enable();
    __c11_atomic_store(&answered, true, __ATOMIC_RELEASE);
    kernel_entry(hart);
    hal_halt();
}

// The root's upper half never changes once the first hart is started. The trampoline itself may be
// executed, but not written.
static void prepare_tables(void) {
    const entry_t *kernel = physical_to_virtual(paging_kernel_root());
    constexpr unsigned half = TABLE_ENTRIES / 2, page = TRAMPOLINE_ADDRESS / PAGE_SIZE;

    start_table[0] = image_to_physical(start_table) | ENTRY_PRESENT | ENTRY_WRITE;
    start_table[page] = TRAMPOLINE_ADDRESS | ENTRY_PRESENT;
    for (unsigned i = half; i < TABLE_ENTRIES; i++)
        start_table[i] = kernel[i];
}

static void prepare_trampoline(struct hart *hart) {
    memcpy(physical_to_virtual(TRAMPOLINE_ADDRESS), trampoline_begin,
           (size_t)(trampoline_end - trampoline_begin));
    starting = hart;
    start_stack = hart->kernel_stack;
    start_entry = arrive;
}

static bool wait_for_answer(unsigned limit_us) {
    for (unsigned waited = 0; waited < limit_us; waited += 10) {
        if (__c11_atomic_load(&answered, __ATOMIC_ACQUIRE))
            return true;
        clock_wait_us(10);
        hart_poll();
    }
    return __c11_atomic_load(&answered, __ATOMIC_ACQUIRE);
}

// INIT, and start-up until one was not lost (Intel SDM vol. 3A section 8.4.4.1). Processors before
// 2006 need 10 ms after INIT: theirs is the second.
static bool wake(uint32_t id) {
    apic_send(id, APIC_INIT, 0);
    clock_wait_us(200);
    apic_send(id, APIC_STARTUP, TRAMPOLINE_ADDRESS / PAGE_SIZE);
    if (wait_for_answer(10'000))
        return true;
    apic_send(id, APIC_STARTUP, TRAMPOLINE_ADDRESS / PAGE_SIZE);
    return wait_for_answer(ANSWER_LIMIT_US);
}

bool hal_hart_start(struct hart *hart, void (*entry)(struct hart *hart)) {
    uint32_t id = acpi.apic_id[hart->index];

    if (id >= reach) {
        log_warning("hart with APIC id %u left out: it needs x2APIC, which is not there", id);
        return false;
    }
    hart->arch.apic_id = id;
    kernel_entry = entry;
    __c11_atomic_store(&answered, false, __ATOMIC_RELAXED);
    prepare_tables();
    prepare_trampoline(hart);
    if (wake(id))
        return true;
    // Back to waiting for a start-up, so that it cannot come late with another's mailbox.
    apic_send(id, APIC_INIT, 0);
    log_error("hart %u (APIC id %u) does not answer; it is left out", hart->index, id);
    return false;
}

void hal_hart_interrupt(struct hart *hart, uint8_t vector) {
    apic_send(hart->arch.apic_id, APIC_INTERRUPT, vector);
}

void hal_idle(void) { __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory"); }
