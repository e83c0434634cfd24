// Counters of known rate that the time-stamp counter is measured against: HPET, ACPI PM timer, PIT,
// in this order of preference.
#pragma once

#include <stdint.h>

struct clock_reference {
    const char *name;
    uint64_t period_fs;    // of one count, in femtoseconds
    uint32_t mask;         // bits that the counter has; it counts up and wraps
    uint32_t measure_ns;   // how long to watch it for a good result
    uint32_t (*read)(void);
};

// Starts the best counter that is there and moves; false if none does.
bool reference_find(struct clock_reference *reference);
