// The one-shot timer of each hart's local APIC: by TSC deadline where the processor has it, else by
// counting down at a rate measured at boot (Intel SDM vol. 3A section 10.5.4).
//
// A deadline further away than the timer can count (half a minute at least) arrives early; who
// armed it looks at the clock and arms it again.
#pragma once

#include <stdint.h>

// Lets the timer count down from its top, masked, and reads it; for calibration.
void timer_count_freely(void);
uint32_t timer_current(void);

// The timer counts once in so many periods of its clock.
static constexpr uint32_t TIMER_DIVISOR = 16;

// Tells how many ticks of the clock (not 0) and counts of the timer passed in the same time.
void timer_calibrate(uint64_t ticks, uint32_t counts);

// Sets the running hart's timer up, stopped. On every hart; on the boot hart after timer_calibrate.
void timer_enable(void);

// "TSC deadline" or "counting", for the log.
const char *timer_mode(void);
