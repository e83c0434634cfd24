// Where the HAL hands over to the kernel.
#pragma once

#include "hal/boot.h"

// Called once, on the boot hart, on its boot stack, with the kernel's own page tables loaded, the
// log working, and no interrupts, harts' blocks or frames yet. `boot` stays valid for ever; its
// regions still change with each boot_allocate.
[[noreturn]] void kernel_main(const struct boot_info *boot);

// The time-stamp counter at kernel_main, and when the servers were ready to run.
extern uint64_t boot_ticks, ready_ticks;
extern const char *boot_options;
