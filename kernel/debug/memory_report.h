// What memory there is, in the log.
#pragma once

#include "hal/boot.h"

// The regions and modules that the boot loader named.
void memory_map_report(const struct boot_info *boot);

// What the frames have taken over.
void memory_report(void);
