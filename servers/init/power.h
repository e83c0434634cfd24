// The machine's end, as far as it is the work of programs.
#pragma once

#include <abi/types.h>

// Powers the machine off by ACPI, or else resets it. `io`: all I/O ports. Returns if nothing
// helped.
void power_off_or_reset(handle_t system, handle_t io);
