#include "hal/x86_64/timer.h"

#include "hal/hal.h"
#include "hal/x86_64/apic.h"
#include "hal/x86_64/instructions.h"
#include "hal/x86_64/processor.h"

static constexpr uint32_t LOCAL_TIMER_DEADLINE = 2 << 17;

// Figure 10-10. What is measured in 20 ms is exact and does not wrap, and a minute's deadline fits
// where the clock runs at 1 GHz.
static constexpr uint32_t DIVIDE_BY_16 = 0x3;
static_assert(TIMER_DIVISOR == 16);

// Counts of the timer in a tick of the clock, times 2^32.
static uint64_t counts_per_tick;

void timer_count_freely(void) {
    apic_write(APIC_LOCAL_TIMER, APIC_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t timer_current(void) { return apic_read(APIC_TIMER_CURRENT); }

void timer_calibrate(uint64_t ticks, uint32_t counts) {
    counts_per_tick = ((uint64_t)counts << 32) / ticks;
}

void timer_enable(void) {
    uint32_t mode = processor.tsc_deadline ? LOCAL_TIMER_DEADLINE : 0;

    apic_write(APIC_TIMER_INITIAL, 0);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(APIC_LOCAL_TIMER, mode | VECTOR_TIMER);
    __asm__ volatile("mfence" : : : "memory"); // before the first write of the deadline's MSR
}

const char *timer_mode(void) { return processor.tsc_deadline ? "TSC deadline" : "counting"; }

// How far the measured rate may be off, as a shift: 122 millionths.
static constexpr unsigned SHIFT_ERROR = 13;

// Rounded up by one and by that error, so that the deadline has passed when the interrupt comes; a
// count of 0 would stop it.
static void arm_counting(ticks_t deadline) {
    ticks_t now = hal_ticks();
    uint64_t ticks = deadline > now ? deadline - now : 0;
    unsigned __int128 wide = (unsigned __int128)ticks * counts_per_tick >> 32;
    uint64_t counts = wide < UINT32_MAX ? (uint64_t)wide : UINT32_MAX;

    counts += (counts >> SHIFT_ERROR) + 1;
    apic_write(APIC_TIMER_INITIAL, counts < UINT32_MAX ? (uint32_t)counts : UINT32_MAX);
}

void hal_timer_arm(ticks_t deadline) {
    if (processor.tsc_deadline)
        msr_write(MSR_TSC_DEADLINE, deadline ? deadline : 1); // 0 would stop it
    else
        arm_counting(deadline);
}
