// How harts come to C: the first from the boot loader (boot.S), others from real mode
// (trampoline.S, copied to TRAMPOLINE_ADDRESS).
#pragma once

#include "hal/boot.h"
#include "hal/x86_64/entry_bits.h"

// The first C function, on the early page tables. `tags`: what the loader left.
[[noreturn]] void boot_start(paddr_t tags);

// Where a hart goes on in the upper half, and on which stack; at first boot_start, on the boot's.
extern void (*start_entry)(paddr_t tags);
extern uint64_t start_stack;

extern const char trampoline_begin[], trampoline_end[];

// The tables that the trampoline begins on, one page below 4 GiB that serves at all four levels:
// they map the trampoline where it lies, and the kernel.
extern entry_t start_table[];
