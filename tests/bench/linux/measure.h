// Counting instructions under Linux in the way of ../lib/measure.h, with lines of the same form:
//
//   bench NAME median minimum samples
//
// Failures end the process with a line "bench-error ...".
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MEASURE_SAMPLES = 512, MEASURE_WARM_UP = 64 };

typedef void measure_step_t(void *context);

// Ends the process with a message unless the loop of 2,001 instructions reads 2,001.
void measure_calibrate(void);

void measure_clear(void);
void measure_keep(uint64_t ticks);
uint64_t measure_median(void);
void measure_report(const char *name, unsigned parts);
void measure_single(const char *name, uint64_t value);
void measure_demand(bool done, const char *what);

// The second process of a ping-pong, at the same real-time priority: runs a step for ever.
struct measure_peer {
    int process;
};
struct measure_peer measure_peer_start(measure_step_t *step, void *context);
void measure_peer_stop(struct measure_peer peer);

__attribute__((always_inline)) static inline uint64_t measure_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

// Samples `operation` after a warm-up; `prepare` (or null) comes before each and is not counted.
__attribute__((always_inline)) static inline void
measure_sample(measure_step_t *operation, measure_step_t *prepare, void *context, unsigned samples)
{
    unsigned warm_up = samples < MEASURE_WARM_UP ? samples : MEASURE_WARM_UP;
    measure_clear();
    for (unsigned i = 0; i < warm_up + samples; i++) {
        if (prepare)
            prepare(context);
        uint64_t start = measure_ticks();
        operation(context);
        uint64_t ticks = measure_ticks() - start;
        if (i >= warm_up)
            measure_keep(ticks);
    }
}

__attribute__((always_inline)) static inline void
measure(const char *name, measure_step_t *operation, measure_step_t *prepare, void *context)
{
    measure_sample(operation, prepare, context, MEASURE_SAMPLES);
    measure_report(name, 1);
}
