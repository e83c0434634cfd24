// Deadlines: a heap of timers per hart. The hart's one-shot timer is armed for the nearest deadline
// or the next watchdog tick, whichever comes first.
#pragma once

#include "hal/hal.h"

struct hart;

struct timer {
    ticks_t deadline; // 0 after timer_cancel: what expires elsewhere by now is void
    void (*expired)(struct timer *timer); // runs on the heap's hart, holding no lock
    bool *mark; // true from timer_arm to timer_cancel; nullptr: nobody needs it
    struct hart *hart;                    // in whose heap it is; nullptr: in none
    struct timer *left, *right, *parent;  // skew heap
};

// Puts a timer into this hart's heap. It is in none.
void timer_arm(struct timer *timer, ticks_t deadline);

// Takes it out, wherever it is. It may be expiring on another hart at this moment.
void timer_cancel(struct timer *timer);

// Runs what has expired, at an interrupt or before idling.
void timers_run(struct hart *hart);
