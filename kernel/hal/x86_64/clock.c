#include "hal/x86_64/clock.h"

#include "debug/log.h"
#include "hal/hal.h"
#include "hal/x86_64/apic.h"
#include "hal/x86_64/processor.h"
#include "hal/x86_64/reference.h"

LOG_MODULE(LOG_HART);

// Assumed when nothing can be measured and the processor does not tell either.
static constexpr uint64_t TICKS_PER_SECOND_UNKNOWN = 1'000'000'000;

static constexpr uint32_t LOCAL_TIMER_DEADLINE = 2 << 17;

// The timer counts once in 16 periods of its clock (figure 10-10): what is measured in 20 ms is
// exact and does not wrap, and a minute's deadline fits where the clock runs at 1 GHz.
static constexpr uint32_t DIVISOR = 16, DIVIDE_BY_16 = 0x3;

// Readings of all counters at one moment, as nearly as can be.
struct sample {
    uint64_t ticks;
    uint32_t reference, timer;
};

static uint64_t ticks_per_second, calibration_ticks;
static uint64_t counts_per_tick; // of the timer in a tick of the clock, times 2^32

uint64_t hal_ticks_per_second(void) { return ticks_per_second; }

uint64_t hal_calibration_ticks(void) { return calibration_ticks; }

void clock_wait_us(uint64_t microseconds) {
    uint64_t end = hal_ticks() + microseconds * ticks_per_second / 1'000'000;

    while (hal_ticks() < end)
        hal_pause();
}

// Starts the timer from its top; 0 stops it.
static void timer_set(uint32_t mode, uint32_t count) {
    apic_write(APIC_LOCAL_TIMER, mode | VECTOR_TIMER);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(APIC_TIMER_INITIAL, count);
}

static void timer_calibrate(uint64_t ticks, uint32_t counts) {
    counts_per_tick = ((uint64_t)counts << 32) / ticks;
}

// The reading that took the least time of a few: others were delayed by something. The middle of
// it counts, so the time that reading takes cancels between two samples.
static struct sample take_sample(const struct clock_reference *reference) {
    struct sample best = {};
    uint64_t best_length = UINT64_MAX;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t before = hal_ticks();
        struct sample sample = {.reference = reference->read(),
                                .timer = apic_read(APIC_TIMER_CURRENT)};
        uint64_t length = hal_ticks() - before;

        sample.ticks = before + length / 2;
        if (length < best_length) {
            best_length = length;
            best = sample;
        }
    }
    return best;
}

static uint32_t elapsed(const struct clock_reference *reference, uint32_t since) {
    return (reference->read() - since) & reference->mask;
}

static void measure(const struct clock_reference *reference) {
    uint32_t wanted = (uint32_t)(reference->measure_ns * 1'000'000ull / reference->period_fs);
    struct sample first, last;
    uint64_t ns;

    timer_set(APIC_MASKED, UINT32_MAX);
    take_sample(reference); // warms caches, or an emulator's: a cold reading is crooked
    first = take_sample(reference);
    while (elapsed(reference, first.reference) < wanted)
        for (unsigned i = 0; i < 16; i++)
            hal_pause();
    last = take_sample(reference);
    ns = ((last.reference - first.reference) & reference->mask) * reference->period_fs / 1'000'000;
    ticks_per_second = (last.ticks - first.ticks) * 1'000'000'000 / ns;
    timer_calibrate(last.ticks - first.ticks, first.timer - last.timer); // it counts down
}

// Without a reference the timer's rate is not known either, unless it is the time-stamp counter's
// or the crystal's.
static void assume(void) {
    uint64_t timer_hz = processor.crystal_hz;

    ticks_per_second = processor.tsc_hz ? processor.tsc_hz : TICKS_PER_SECOND_UNKNOWN;
    timer_hz = timer_hz ? timer_hz : ticks_per_second;
    timer_calibrate(ticks_per_second, (uint32_t)(timer_hz / DIVISOR));
    log_warning("no clock to measure the time-stamp counter against");
}

void clock_calibrate(void) {
    struct clock_reference reference = {.name = "nothing"};
    uint64_t begin = hal_ticks();

    if (reference_find(&reference))
        measure(&reference);
    else
        assume();
    calibration_ticks = hal_ticks() - begin;
    log_info("clock: %lu.%06lu MHz by %s, measured in %lu us%s", ticks_per_second / 1'000'000,
             ticks_per_second % 1'000'000, reference.name,
             calibration_ticks / (ticks_per_second / 1'000'000 + 1),
             processor.tsc_invariant ? "" : ", not invariant");
    log_info("timer: %s", processor.tsc_deadline ? "TSC deadline" : "counting");
}

void timer_enable(void) {
    timer_set(processor.tsc_deadline ? LOCAL_TIMER_DEADLINE : 0, 0);
    __asm__ volatile("mfence" : : : "memory"); // before the first write of the deadline's MSR
}

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
