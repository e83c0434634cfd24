// How the firmware wants the machine powered off and reset, read from its ACPI tables.
//
// Works on plain memory through a callback, so the same code runs in host tests. Every table's
// length and checksum are verified before it is believed; a damaged one counts as absent. ACPI 6.5
// chapter 5.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct acpi_power {
    bool off;                      // SLP_TYP values known: power-off works
    uint16_t control_a, control_b; // PM1 control ports; b 0: none
    uint8_t sleep_a, sleep_b;      // SLP_TYP for S5
    uint16_t command;              // SMI command port, 0: ACPI mode is always on
    uint8_t enable;                // its value that turns ACPI mode on
    uint16_t reset_port;           // 0: none
    uint8_t reset_value;
};

// Copies `size` bytes of physical memory; false if they cannot be reached.
typedef bool (*acpi_copy_t)(uint64_t address, void *to, size_t size);

// Reads what is wanted, from the root table (RSDT or XSDT; 0: there is none) on. Never fails: what
// is not found is 0.
struct acpi_power acpi_power_read(uint64_t root, acpi_copy_t copy);

// The same from a definition block, of `size` bytes behind its header: finds the package \_S5 and
// takes its two SLP_TYP values.
void acpi_sleep_read(const uint8_t *block, size_t size, struct acpi_power *power);
