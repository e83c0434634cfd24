// The I/O APICs: each takes a run of global system interrupts, one for each of its pins.
//
// Intel 82093AA data sheet (290566), chapter 3. The index register of an I/O APIC is shared by all
// harts, so a lock guards it: io_apic_lock, below which nothing is taken.
#pragma once

#include <stdint.h>

#include "hal/x86_64/acpi.h"

struct io_apic_route {
    uint8_t vector;
    uint8_t hart_apic_id;
    bool level; // else edge
    bool low;   // else high
};

// Maps all I/O APICs and masks all their pins; once, on the boot hart.
void io_apics_initialize(const struct acpi_info *acpi);

// Whether a pin takes this line (a global system interrupt).
bool io_apic_has(uint32_t line);

// Sets a pin up, masked; masks and unmasks it. The line must have a pin.
void io_apic_route(uint32_t line, struct io_apic_route route);
void io_apic_mask(uint32_t line, bool masked);
