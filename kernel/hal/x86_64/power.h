// The machine's end. What hal_end needs of the ACPI tables is taken over at boot, so that nothing
// has to be read when the system has crashed.
#pragma once

#include "hal/x86_64/acpi.h"

void power_initialize(const struct acpi_power *from_tables);
