// A TLB that keeps every translation, and every upper-level entry, that it is not told to forget,
// and uses whichever is worst: what processors may do, and emulators do not (Intel SDM vol. 3A
// section 4.10).
#pragma once

#include "hal/hal.h"

// Follows the machine's flushes from now on; forgets everything.
void adversary_start(void);

// What an access of this hart to its loaded space reaches; nullptr: a page fault. `wild`: the
// translation leads out of memory.
uint64_t *adversary_access(uaddr_t address, bool write, bool execute, bool *wild);

// Speculation: fetches a translation that nobody asked for.
void adversary_speculate(uaddr_t address);
