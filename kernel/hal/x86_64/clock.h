// The time-stamp counter's rate, measured once at boot; short waits by it; and the one-shot timer
// of each hart's local APIC: by TSC deadline where the processor has it, else by counting down at a
// rate measured in the same pass (Intel SDM vol. 3A section 10.5.4).
//
// A deadline further away than the timer can count (half a minute at least) arrives early; who
// armed it looks at the clock and arms it again.
#pragma once

#include <stdint.h>

// Measures the time-stamp counter and the running hart's timer against what the machine has. Once,
// on the boot hart, with its APIC on.
void clock_calibrate(void);

// Sets the running hart's timer up, stopped. On every hart, after clock_calibrate.
void timer_enable(void);

// Waits, polling. After clock_calibrate.
void clock_wait_us(uint64_t microseconds);
