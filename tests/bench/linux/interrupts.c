// From a timer interrupt, which arrives while another process computes, to user code of the process
// that waited for it. The one that computes writes the time down over and over: what it wrote last
// is when it was interrupted.
#define _GNU_SOURCE
#include "measure.h"
#include "rows.h"

#include <sched.h>
#include <sys/mman.h>
#include <time.h>

static volatile uint64_t *last; // shared

static void compute(void *context)
{
    (void)context;
    struct sched_param normal = {};
    measure_demand(sched_setscheduler(0, SCHED_OTHER, &normal) == 0, "sched_setscheduler");
    for (;;)
        *last = measure_ticks();
}

// Waits long enough for the other process to be running.
static void wait_for_period(void)
{
    enum { PERIOD_NS = 2000000, SECOND_NS = 1000000000 };
    struct timespec until;
    measure_demand(clock_gettime(CLOCK_MONOTONIC, &until) == 0, "clock_gettime");
    until.tv_nsec += PERIOD_NS;
    until.tv_sec += until.tv_nsec / SECOND_NS;
    until.tv_nsec %= SECOND_NS;
    measure_demand(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0, "sleep");
}

void interrupts_measure(void)
{
    last = mmap(NULL, sizeof *last, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    measure_demand(last != MAP_FAILED, "mmap");
    struct measure_peer peer = measure_peer_start(compute, NULL);
    measure_clear();
    for (unsigned i = 0; i < MEASURE_WARM_UP + MEASURE_SAMPLES; i++) {
        wait_for_period();
        uint64_t ticks = measure_ticks() - *last;
        if (i >= MEASURE_WARM_UP)
            measure_keep(ticks);
    }
    measure_report("timer_interrupt", 1);
    measure_peer_stop(peer);
}
