// The I/O APICs, which implement hal_irq_ of hal.h: each takes a run of global system interrupts,
// one for each of its pins.
//
// Intel 82093AA data sheet (290566), chapter 3. The index register of an I/O APIC is shared by all
// harts, so a lock guards it: io_apic_lock, below which nothing is taken.
#pragma once

// Maps all I/O APICs and masks all their pins; once, on the boot hart.
void io_apics_initialize(void);
