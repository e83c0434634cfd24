#include "hal/x86_64/timer.h"

#include "hal/hal.h"
#include "hal/x86_64/apic.h"
#include "hal/x86_64/instructions.h"
#include "hal/x86_64/processor.h"
#include "hart/hart.h"

static constexpr uint32_t LOCAL_TIMER_DEADLINE = 2 << 17;

// The timer's clock can be divided by 2^0 to 2^7 (figure 10-10). 16 while measuring, so that what
// is measured in 20 ms stays exact and does not wrap.
static constexpr unsigned SHIFT_MEASURE = 4;
static constexpr unsigned SHIFT_LIMIT = 7;

static const uint8_t divide_code[SHIFT_LIMIT + 1] = {0xb, 0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xa};

// Counts of the undivided timer in a tick of the clock, times 2^32.
static uint64_t counts_per_tick;

void timer_count_freely(void) {
    apic_write(APIC_LOCAL_TIMER, APIC_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_DIVIDE, divide_code[SHIFT_MEASURE]);
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t timer_current(void) { return apic_read(APIC_TIMER_CURRENT); }

void timer_calibrate(uint64_t ticks, uint64_t counts) {
    // The low bits go where the quotient needs the room: both numbers stay exact to 30 bits.
    while (counts >> 28)
        counts >>= 1, ticks >>= 1;
    counts_per_tick = ticks ? (counts << (32 + SHIFT_MEASURE)) / ticks : 0;
}

void timer_enable(void) {
    uint32_t mode = processor.tsc_deadline ? LOCAL_TIMER_DEADLINE : 0;

    apic_write(APIC_TIMER_INITIAL, 0);
    apic_write(APIC_TIMER_DIVIDE, divide_code[0]);
    apic_write(APIC_LOCAL_TIMER, mode | VECTOR_TIMER);
    HART_SET(arch.timer_shift, 0);
    __asm__ volatile("mfence" : : : "memory"); // before the first write of the deadline's MSR
}

const char *timer_mode(void) { return processor.tsc_deadline ? "TSC deadline" : "counting"; }

// Divides the timer's clock so that the count fits its 32 bits, or comes as near as it can.
static uint32_t fit(uint64_t counts) {
    unsigned shift = 0;

    while (counts >> shift > UINT32_MAX && shift < SHIFT_LIMIT)
        shift++;
    if (HART_GET(arch.timer_shift) != shift) {
        apic_write(APIC_TIMER_DIVIDE, divide_code[shift]);
        HART_SET(arch.timer_shift, shift);
    }
    counts >>= shift;
    return counts > UINT32_MAX ? UINT32_MAX : (uint32_t)counts;
}

// How far the measured rate may be off, as a shift: 122 millionths.
static constexpr unsigned SHIFT_ERROR = 13;

// Rounded up by one and by that error, so that the deadline has passed when the interrupt comes; a
// count of 0 would stop it.
static void arm_counting(ticks_t deadline) {
    ticks_t now = hal_ticks();
    uint64_t ticks = deadline > now ? deadline - now : 0;
    unsigned __int128 wide = (unsigned __int128)ticks * counts_per_tick >> 32;
    uint64_t counts = wide > INT64_MAX ? INT64_MAX : (uint64_t)wide;

    apic_write(APIC_TIMER_INITIAL, fit(counts + (counts >> SHIFT_ERROR) + 1));
}

void hal_timer_arm(ticks_t deadline) {
    if (processor.tsc_deadline)
        msr_write(MSR_TSC_DEADLINE, deadline ? deadline : 1); // 0 would stop it
    else
        arm_counting(deadline);
}
