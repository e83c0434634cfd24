#include "hal/x86_64/clock.h"

#include "debug/log.h"
#include "hal/hal.h"
#include "hal/x86_64/processor.h"
#include "hal/x86_64/reference.h"
#include "hal/x86_64/timer.h"

LOG_MODULE(LOG_HART);

// Assumed when nothing can be measured and the processor does not tell either.
static constexpr uint64_t TICKS_PER_SECOND_UNKNOWN = 1'000'000'000;

// Readings of all counters at one moment, as nearly as can be.
struct sample {
    uint64_t ticks;
    uint32_t reference, timer;
};

static uint64_t ticks_per_second, calibration_ticks;

uint64_t hal_ticks_per_second(void) { return ticks_per_second; }

uint64_t hal_calibration_ticks(void) { return calibration_ticks; }

void clock_wait_us(uint64_t microseconds) {
    uint64_t end = hal_ticks() + microseconds * ticks_per_second / 1'000'000;

    while (hal_ticks() < end)
        hal_pause();
}

// The reading that took the least time of a few: others were delayed by something. The middle of
// it counts, so the time that reading takes cancels between two samples.
static struct sample take_sample(const struct clock_reference *reference) {
    struct sample best = {};
    uint64_t best_length = UINT64_MAX;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t before = hal_ticks();
        struct sample sample = {.reference = reference->read(), .timer = timer_current()};
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

    timer_count_freely();
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
    timer_calibrate(ticks_per_second, (uint32_t)(timer_hz / TIMER_DIVISOR));
    log_warning("no clock to measure the time-stamp counter against");
}

void clock_calibrate(const struct acpi_info *acpi) {
    struct clock_reference reference = {.name = "nothing"};
    uint64_t begin = hal_ticks();

    if (reference_find(acpi, &reference))
        measure(&reference);
    else
        assume();
    calibration_ticks = hal_ticks() - begin;
    log_info("clock: %lu.%06lu MHz by %s, measured in %lu us%s", ticks_per_second / 1'000'000,
             ticks_per_second % 1'000'000, reference.name,
             calibration_ticks / (ticks_per_second / 1'000'000 + 1),
             processor.tsc_invariant ? "" : ", not invariant");
}
