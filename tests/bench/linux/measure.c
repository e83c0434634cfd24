#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOP_INSTRUCTIONS = 2001 };

static uint64_t samples[MEASURE_SAMPLES];
static unsigned sample_count;
static uint64_t empty_ticks;

void measure_demand(bool done, const char *what)
{
    if (done)
        return;
    dprintf(1, "bench-error %s: %s\n", what, strerror(errno));
    _exit(1);
}

void measure_clear(void)
{
    sample_count = 0;
}

void measure_keep(uint64_t ticks)
{
    samples[sample_count++] = ticks - empty_ticks;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

uint64_t measure_median(void)
{
    qsort(samples, sample_count, sizeof *samples, compare);
    return samples[sample_count / 2];
}

void measure_report(const char *name, unsigned parts)
{
    uint64_t median = measure_median();
    dprintf(1, "bench %s %lu %lu %u\n", name, median / parts, samples[0] / parts,
            sample_count * parts);
}

void measure_single(const char *name, uint64_t value)
{
    dprintf(1, "bench %s %lu %lu 1\n", name, value, value);
}

// --- calibration ---------------------------------------------------------------------------------

static inline void nothing(void *context)
{
    (void)context;
}

static inline void loop(void *context)
{
    uint32_t count;
    (void)context;
    __asm__ volatile("movl %1, %0\n"
                     "1: decl %0\n\t"
                     "jnz 1b"
                     : "=&r"(count)
                     : "i"((LOOP_INSTRUCTIONS - 1) / 2)
                     : "cc");
}

void measure_calibrate(void)
{
    measure_sample(nothing, NULL, NULL, MEASURE_SAMPLES);
    empty_ticks = measure_median();
    measure_sample(loop, NULL, NULL, MEASURE_SAMPLES);
    measure_demand(measure_median() == LOOP_INSTRUCTIONS, "the calibration loop");
}

// --- the other side ------------------------------------------------------------------------------

struct measure_peer measure_peer_start(measure_step_t *step, void *context)
{
    int process = fork();
    measure_demand(process >= 0, "fork");
    while (process == 0)
        step(context);
    return (struct measure_peer){process};
}

void measure_peer_stop(struct measure_peer peer)
{
    measure_demand(kill(peer.process, SIGKILL) == 0, "kill");
    measure_demand(waitpid(peer.process, NULL, 0) == peer.process, "waitpid");
}
