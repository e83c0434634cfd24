// Simulated harts without memory: who runs is set by hand, time stands still unless moved.
#pragma once

#include "hal/hal.h"
#include "hart/hart.h"
#include "hart/time.h"

extern ticks_t host_ticks;

// So many harts; this thread is hart 0.
void harts_start(unsigned count);

// Interrupts sent to each hart.
extern unsigned host_interrupts[];
