#include "measure.h"

#include <abi/query.h>
#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <stdio.h>
#include <stdlib.h>

static constexpr uint32_t LOOP_INSTRUCTIONS = 2001;

static uint32_t samples[MEASURE_SAMPLES];
static unsigned sample_count;
static struct measure_counters sums;
static struct query_hart *harts; // a page that system_query fills

// What reading costs without anything to measure: subtracted from each sample.
static uint32_t empty_ticks;
static struct measure_counters empty_counters;

void measure_demand(status_t status, const char *what)
{
    if (status == OK)
        return;
    printf("bench-error %s: %s\n", what, status_text(status));
    fflush(stdout);
    exit(1);
}

static uint64_t harts_query(void)
{
    if (harts == nullptr) {
        void *page;
        measure_demand(pages_allocate(1, &page), "a page");
        harts = page;
    }
    uint64_t count;
    status_t status =
        system_system_query(start_handle("system"), QUERY_HARTS, 0, (uaddr_t)harts, &count);
    measure_demand(status, "the kernel's counters");
    return count;
}

void measure_counters_read(struct measure_counters *counters)
{
    uint64_t count = harts_query();
    *counters = (struct measure_counters){};
    for (uint64_t i = 0; i < count; i++) {
        counters->space_loads += harts[i].space_loads;
        counters->page_flushes += harts[i].page_flushes;
        counters->flush_ipis += harts[i].flush_ipis;
        counters->wake_ipis += harts[i].wake_ipis;
    }
}

void measure_clear(void)
{
    sample_count = 0;
    sums = (struct measure_counters){};
    MEASURE_MARK_CLEAR();
}

void measure_keep(uint64_t ticks, const struct measure_counters *before)
{
    struct measure_counters after;
    measure_counters_read(&after);
    samples[sample_count++] = (uint32_t)ticks - empty_ticks;
    sums.space_loads += after.space_loads - before->space_loads - empty_counters.space_loads;
    sums.page_flushes += after.page_flushes - before->page_flushes - empty_counters.page_flushes;
    sums.flush_ipis += after.flush_ipis - before->flush_ipis - empty_counters.flush_ipis;
    sums.wake_ipis += after.wake_ipis - before->wake_ipis - empty_counters.wake_ipis;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void measure_sample_add(uint64_t value)
{
    samples[sample_count++] = (uint32_t)value;
}

static uint64_t idle_ticks(void)
{
    uint64_t count = harts_query(), sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += harts[i].idle_ticks;
    return sum;
}

uint64_t measure_sleep(uint64_t ns)
{
    uint64_t idle = idle_ticks();
    ticks_t start = ticks_now();
    measure_demand(sleep_until(deadline_after(ns)), "sleeping");
    uint64_t passed = ticks_now() - start;
    return passed - (idle_ticks() - idle);
}

void measure_report(const char *name, unsigned parts)
{
    MEASURE_MARK_WRITE();
    qsort(samples, sample_count, sizeof *samples, compare);
    printf("bench %s %u %u %u %lld %lld %lld %lld\n", name, samples[sample_count / 2] / parts,
           samples[0] / parts, sample_count * parts, (long long)sums.space_loads,
           (long long)sums.page_flushes, (long long)sums.flush_ipis, (long long)sums.wake_ipis);
    fflush(stdout);
}

void measure_single(const char *name, uint64_t value)
{
    printf("bench %s %llu %llu 1 0 0 0 0\n", name, (unsigned long long)value,
           (unsigned long long)value);
}

// --- calibration ---------------------------------------------------------------------------------

static inline void nothing(void *context)
{
    (void)context;
}

static inline void loop(void *context)
{
    (void)context;
    uint32_t count;
    __asm__ volatile("movl %1, %0\n"
                     "1: decl %0\n\t"
                     "jnz 1b"
                     : "=&r"(count)
                     : "i"((LOOP_INSTRUCTIONS - 1) / 2)
                     : "cc");
}

// The median of nothing, and the kernel's counters over one pair of readings. The first reading
// after printing is not of that pair: it can bring a load of its own.
static void empty_measure(void)
{
    struct measure_counters first, second;
    measure("nothing", nothing, nullptr, nullptr);
    empty_ticks = samples[sample_count / 2];
    measure_counters_read(&first);
    measure_counters_read(&first);
    measure_counters_read(&second);
    empty_counters = (struct measure_counters){
        .space_loads = second.space_loads - first.space_loads,
        .page_flushes = second.page_flushes - first.page_flushes,
        .flush_ipis = second.flush_ipis - first.flush_ipis,
        .wake_ipis = second.wake_ipis - first.wake_ipis,
    };
}

void measure_calibrate(void)
{
    empty_measure();
    measure("loop", loop, nullptr, nullptr);
    if (samples[0] == LOOP_INSTRUCTIONS && samples[sample_count / 2] == LOOP_INSTRUCTIONS)
        return;
    printf("bench-error a loop of %u instructions reads %u: the counter does not count them\n",
           LOOP_INSTRUCTIONS, samples[sample_count / 2]);
    exit(1);
}
