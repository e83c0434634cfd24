// Interrupt lines as the kernel names them (hal.h): ISA numbers with the MADT's overrides applied,
// and global system interrupts.
#pragma once

#include "hal/x86_64/acpi.h"

// Takes the overrides over; before the first hal_irq_configure.
void irqs_initialize(const struct acpi_info *acpi);
