// The machine as its firmware describes it, found once at boot.
#pragma once

#include "hal/x86_64/acpi.h"

// Constant after hal_platform_start; all 0 before.
const struct acpi_info *platform_acpi(void);
