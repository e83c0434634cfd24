// Which thread a hart runs. Queues are touched by their owner only; others post to the hart's
// inbox.
#pragma once

#include "hart/thread.h"

// The watchdog's period.
static constexpr unsigned WATCHDOG_HZ = 100;

// At the hart's one-shot timer: deadlines, then the watchdog.
void watchdog_tick(struct hart *hart);

// A call with this deadline was handed over at once: makes sure that the watchdog comes by, which
// enters it in the heap if it still stands then, and says whether that is soon enough.
bool deadline_deferred(struct hart *hart, ticks_t deadline);

// Enters the deadlines of the calls that this thread serves, of those that their callers serve, and
// so on, in this hart's heap.
void deadlines_enter(struct thread *thread);

// Loads the kernel's own root: no program's address space is loaded while a hart idles.
void space_leave(struct hart *hart);

// Starts a hart's life after ignition: it idles and runs what comes. Never returns.
[[noreturn]] void hart_run(struct hart *hart);

// Sets up the block of a hart.
void hart_prepare(struct hart *hart, unsigned index);
