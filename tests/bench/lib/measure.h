// Counting what an operation costs: instructions by the time-stamp counter (QEMU with -icount adds
// one tick for each), address-space loads, TLB invalidations and IPIs by the kernel's counters, and
// atomic operations by a plug-in of QEMU that looks for the marks below.
//
// Each sample is taken with the same code, twice over: the first round warms up and does not count.
// A result is one line on stdout, which scripts/bench reads:
//
//   bench NAME median minimum samples space_loads page_flushes flush_ipis wake_ipis
//
// where the counters are sums over the samples.
#pragma once

#include <abi/status.h>
#include <abi/types.h>
#include <stdint.h>

static constexpr unsigned MEASURE_SAMPLES = 512;
static constexpr unsigned MEASURE_ROUNDS = 2;

// Instructions that do nothing, whose operand the plug-in knows.
#define MEASURE_MARK_CLEAR() __asm__ volatile("nopl 0x0ba70001(%%rax)" ::: "memory")
#define MEASURE_MARK_BEGIN() __asm__ volatile("nopl 0x0ba70002(%%rax)" ::: "memory")
#define MEASURE_MARK_END()   __asm__ volatile("nopl 0x0ba70003(%%rax)" ::: "memory")
#define MEASURE_MARK_WRITE() __asm__ volatile("nopl 0x0ba70004(%%rax)" ::: "memory")

typedef void measure_step_t(void *context);

// What the kernel has counted on all harts.
struct measure_counters {
    uint64_t space_loads, page_flushes, flush_ipis, wake_ipis;
};

// Finds out what a measurement itself costs, and that counting works at all: a loop of 2,001
// instructions has to read 2,001 more than nothing. Call it once, first; ends the program with a
// message when the loop does not, or when the kernel's counters cannot be read.
void measure_calibrate(void);

// Instructions that run while this program sleeps so long: the kernel's work in idle time, and what
// sleeping itself costs.
uint64_t measure_sleep(uint64_t ns);

// One sample that was found in another way, for measure_report.
void measure_sample_add(uint64_t value);

// Between rounds and around each sample: for measure() alone.
void measure_clear(void);
void measure_counters_read(struct measure_counters *counters);
void measure_keep(uint64_t ticks, const struct measure_counters *before);
void measure_report(const char *name, unsigned parts);

// Low half of the counter: what is measured ends long before it wraps.
[[gnu::always_inline]] static inline uint32_t measure_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return low;
}

// Measures `operation`, which is inlined if it is a static inline function; `prepare` (may be null)
// runs before each sample and is not counted. At most MEASURE_SAMPLES.
[[gnu::always_inline]] static inline void
measure_sample(measure_step_t *operation, measure_step_t *prepare, void *context, unsigned samples)
{
    struct measure_counters before;
    for (unsigned round = 0; round < MEASURE_ROUNDS; round++) {
        measure_clear();
        for (unsigned i = 0; i < samples; i++) {
            if (prepare != nullptr)
                prepare(context);
            measure_counters_read(&before);
            MEASURE_MARK_BEGIN();
            uint32_t start = measure_ticks();
            operation(context);
            uint32_t ticks = measure_ticks() - start;
            MEASURE_MARK_END();
            measure_keep(ticks, &before);
        }
    }
}

// One operation consists of `parts` equal ones, and what is reported is one of them.
[[gnu::always_inline]] static inline void measure_parts(const char *name, measure_step_t *operation,
                                                        measure_step_t *prepare, void *context,
                                                        unsigned parts)
{
    measure_sample(operation, prepare, context, MEASURE_SAMPLES);
    measure_report(name, parts);
}

[[gnu::always_inline]] static inline void measure(const char *name, measure_step_t *operation,
                                                  measure_step_t *prepare, void *context)
{
    measure_parts(name, operation, prepare, context, 1);
}

// Reports a single figure that was found in another way.
void measure_single(const char *name, uint64_t value);

// Ends the program with status 1 and a message, unless the status is OK.
void measure_demand(status_t status, const char *what);
