// The time-stamp counter's rate, measured once at boot, and short waits by it.
#pragma once

#include <stdint.h>

#include "hal/x86_64/acpi.h"

// Measures the time-stamp counter and, in the same pass, the running hart's APIC timer against
// what the machine has. Once, on the boot hart, with its APIC on.
void clock_calibrate(const struct acpi_info *acpi);

// Waits, polling. After clock_calibrate.
void clock_wait_us(uint64_t microseconds);
