// Bringing harts to life.
#pragma once

// The boot hart's block, before there are frames: so that locks and per-hart data work.
void boot_hart_prepare(void);

// The boot hart's processor state and its own stack for what comes.
void boot_hart_initialize(void);

// Starts all other harts that ACPI lists; those that do not answer are named and left out.
void harts_ignite(void);
