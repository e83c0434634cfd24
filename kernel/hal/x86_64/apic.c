#include "hal/x86_64/apic.h"

#include "debug/crash.h"
#include "hal/paging.h"
#include "hal/x86_64/processor.h"

// IA32_APIC_BASE: Intel SDM vol. 3A section 10.4.4 and, for x2APIC, 10.12.1.
static constexpr uint64_t BASE_X2APIC = 1 << 10;
static constexpr uint64_t BASE_ENABLE = 1 << 11;
static constexpr uint64_t BASE_ADDRESS = 0x000f'ffff'ffff'f000;

static constexpr uint32_t CPUID_APIC = 1 << 9; // leaf 1, edx

static constexpr uint32_t SPURIOUS_ENABLE = 1 << 8;

static constexpr uint32_t COMMAND_PENDING = 1 << 12;

// Local vector entries: CMCI, thermal, performance, LINT0, LINT1, error; each from the entry count
// of the version register on (section 10.4.8) that the APIC has it.
static constexpr uint16_t LOCAL_VECTOR_FIRST = 0x320;
static constexpr uint16_t LOCAL_VECTOR_LAST = 0x370;

static volatile uint32_t *registers; // xAPIC
static bool x2apic;

uint32_t apic_read(enum apic_register reg) {
    return x2apic ? (uint32_t)msr_read(MSR_X2APIC + reg / 16) : registers[reg / 4];
}

void apic_write(enum apic_register reg, uint32_t value) {
    if (x2apic)
        msr_write(MSR_X2APIC + reg / 16, value);
    else
        registers[reg / 4] = value;
}

uint32_t apic_id(void) {
    uint32_t id = apic_read(APIC_ID);

    return x2apic ? id : id >> 24;
}

void apic_initialize(void) {
    uint64_t base = msr_read(MSR_APIC_BASE);

    if (!(cpuid(1, 0).edx & CPUID_APIC))
        panic("the processor has no local APIC, or it is off");
    x2apic = base & BASE_X2APIC;
    if (!x2apic)
        registers = paging_map_device(base & BASE_ADDRESS, PAGE_SIZE);
}

// From "disabled" the APIC goes to xAPIC first: both bits at once are not allowed (figure 10-27).
static void enable_mode(void) {
    uint64_t base = msr_read(MSR_APIC_BASE) | BASE_ENABLE;

    msr_write(MSR_APIC_BASE, base);
    if (x2apic)
        msr_write(MSR_APIC_BASE, base | BASE_X2APIC);
}

void apic_enable(void) {
    enable_mode();
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    for (uint16_t reg = LOCAL_VECTOR_FIRST; reg <= LOCAL_VECTOR_LAST; reg += 0x10)
        apic_write((enum apic_register)reg, APIC_MASKED);
    apic_write(APIC_TASK_PRIORITY, 0);
    apic_write(APIC_END_OF_INTERRUPT, 0); // one may be left in service from before
}

bool apic_use_x2(void) {
    if (!processor.x2apic)
        return false;
    x2apic = true;
    apic_enable();
    return true;
}

// A command of xAPIC is written in two halves, the lower one sends; it is gone when the pending bit
// has cleared. That takes microseconds; the bound is for an APIC that is broken.
static void send_xapic(uint32_t id, uint32_t command) {
    apic_write(APIC_COMMAND_HIGH, id << 24);
    apic_write(APIC_COMMAND, command);
    for (unsigned i = 0; i < 1'000'000 && apic_read(APIC_COMMAND) & COMMAND_PENDING; i++)
        hal_pause();
}

// Writing the MSR of x2APIC orders nothing by itself: what was stored before must be seen by the
// hart that is interrupted (Intel SDM vol. 3A section 10.12.3).
void apic_send(uint32_t id, enum apic_command command, uint8_t low) {
    if (!x2apic) {
        send_xapic(id, command | low);
        return;
    }
    __asm__ volatile("mfence\n\tlfence" : : : "memory");
    msr_write(MSR_X2APIC + APIC_COMMAND / 16, (uint64_t)id << 32 | command | low);
}

void hal_interrupt_end(void) { apic_write(APIC_END_OF_INTERRUPT, 0); }
