// The local APIC of each hart: interrupts between harts, end of interrupt, the timer's registers.
//
// All harts use the same mode: x2APIC (by MSR) if the firmware left it on or an id needs it,
// otherwise xAPIC (by MMIO). Only its own hart touches a local APIC. Intel SDM vol. 3A chapter 10.
#pragma once

#include <stdint.h>

// By the offset of the MMIO register; the MSR is MSR_X2APIC + offset / 16.
enum apic_register : uint16_t {
    APIC_ID = 0x020,
    APIC_TASK_PRIORITY = 0x080,
    APIC_END_OF_INTERRUPT = 0x0b0,
    APIC_SPURIOUS = 0x0f0,
    APIC_COMMAND = 0x300,
    APIC_COMMAND_HIGH = 0x310, // xAPIC: the destination
    APIC_LOCAL_TIMER = 0x320,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};

static constexpr uint32_t APIC_MASKED = 1 << 16; // in a local vector entry

// Finds out the mode and maps the registers; once, on the boot hart, before apic_enable.
void apic_initialize(void);

// Turns on the running hart's APIC, all local sources masked.
void apic_enable(void);

// Makes x2APIC the mode from now on and moves the running hart to it; only before other harts are
// started. False if the processor has none.
bool apic_use_x2(void);

uint32_t apic_read(enum apic_register reg);
void apic_write(enum apic_register reg, uint32_t value);

// The running hart's id.
uint32_t apic_id(void);

// Interrupt commands: Intel SDM vol. 3A section 10.6.1. The low byte is a vector, or the page of a
// start-up, or nothing.
enum apic_command : uint32_t {
    APIC_INTERRUPT = 1 << 14, // "assert", as in all others
    APIC_NMI_OTHERS = 3 << 18 | 1 << 14 | 4 << 8, // to all harts but this one, whatever the id
    APIC_INIT = 1 << 14 | 5 << 8,
    APIC_STARTUP = 1 << 14 | 6 << 8,
};

// Sends a command to the hart with this id. Returns once the APIC has sent it.
void apic_send(uint32_t id, enum apic_command command, uint8_t low);
