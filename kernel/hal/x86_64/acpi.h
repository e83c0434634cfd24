// What the ACPI tables tell about the machine: harts, interrupt controllers, clocks.
//
// Works on plain memory through a callback, so the same code runs in host tests. Every table's
// length and checksum are verified before it is believed; a damaged one counts as absent and is
// reported. Entries that are short, unknown or contradictory are skipped. ACPI 6.5 chapter 5.
#pragma once

#include "hal/boot.h"
#include "hal/x86_64/layout.h"

static constexpr unsigned ACPI_IO_APICS = 16;
static constexpr unsigned ACPI_ISA_LINES = 16;

struct acpi_io_apic {
    paddr_t address;
    uint32_t first_line; // global system interrupt of its pin 0
    uint32_t id;
};

// Where an ISA interrupt ends up. Polarity and trigger as the table gives them (ACPI_LINE_).
struct acpi_override {
    uint32_t line;
    uint16_t flags;
    bool present;
};

// MADT interrupt flags: two bits each, 0: as the bus has it (ISA: active high, edge).
static constexpr uint16_t ACPI_POLARITY = 3 << 0;
static constexpr uint16_t ACPI_POLARITY_LOW = 3 << 0;
static constexpr uint16_t ACPI_TRIGGER = 3 << 2;
static constexpr uint16_t ACPI_TRIGGER_LEVEL = 3 << 2;

struct acpi_info {
    paddr_t root;                    // a root table that is sound, 0: none
    bool hart_table;                 // the MADT was found, too
    uint32_t apic_id[HART_LIMIT];    // of the harts, the boot hart first
    unsigned harts;
    unsigned harts_disabled, harts_left_out; // left out: beyond HART_LIMIT
    uint32_t largest_apic_id;        // of those in `apic_id`
    struct acpi_io_apic io_apic[ACPI_IO_APICS];
    unsigned io_apics;
    struct acpi_override isa[ACPI_ISA_LINES];
    paddr_t dsdt;                    // as the FADT says, 0: none
    uint16_t timer_port;             // PM timer, 0: none
    bool timer_wide;                 // 32 bits, else 24
    paddr_t hpet;                    // 0: none
    unsigned damaged;                // tables skipped for length or checksum
    char damaged_name[4];            // the last of them
};

// What platform.c has read at boot; constant afterwards.
extern struct acpi_info acpi;

// Gives the address of `size` bytes of physical memory, which stay readable while acpi_read runs;
// nullptr if they cannot be reached.
typedef const void *(*acpi_map_t)(paddr_t address, size_t size);

// Reads all tables from the root pointer on, which is 36 bytes, all 0 for none. `boot_apic_id`: the
// running hart's, which becomes hart 0 whether or not it is listed. Never fails: what is not found
// is absent in `info`.
void acpi_read(const void *rsdp, uint32_t boot_apic_id, acpi_map_t map, struct acpi_info *info);
