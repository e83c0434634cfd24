// From boot.S: the first C function.
#pragma once

#include "hal/boot.h"

// On the boot stack, in the upper half, on the early page tables. `tags`: what the loader left.
[[noreturn]] void boot_start(paddr_t tags);
