// ACPI's tables, as far as more than one program reads them: the kernel looks for clocks and
// harts, init for how to power off (struct query_machine says where they lie). ACPI 6.5 sections
// 5.2.3 to 5.2.9. Fields lie unaligned: all are packed.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct [[gnu::packed]] acpi_header {
    char signature[4];  // 0x00
    uint32_t length;    // 0x04 with this header
    uint8_t unused[28]; // 0x08
};
static_assert(sizeof(struct acpi_header) == 36);

// Generic address: section 5.2.3.2.
enum acpi_space : uint8_t { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_PORT = 1 };

struct [[gnu::packed]] acpi_address {
    uint8_t space;     // 0x0
    uint8_t unused[3]; // 0x1
    uint64_t address;  // 0x4
};
static_assert(sizeof(struct acpi_address) == 12);

// Section 5.2.9. Older tables are shorter: what they lack reads as 0.
struct [[gnu::packed]] acpi_fadt {
    struct acpi_header header;                    // 0x00
    uint32_t firmware, dsdt;                      // 0x24
    uint8_t unused0[4];                           // 0x2c profile, SCI
    uint32_t command;                             // 0x30 SMI command port
    uint8_t enable;                               // 0x34 its value that turns ACPI mode on
    uint8_t unused1[11];                          // 0x35 other values, PM1 event blocks
    uint32_t control_a, control_b;                // 0x40
    uint8_t unused2[4];                           // 0x48
    uint32_t timer;                               // 0x4c
    uint8_t unused3[32];                          // 0x50 other blocks, lengths, latencies
    uint32_t flags;                               // 0x70
    struct acpi_address reset;                    // 0x74 from here on not in ACPI 1.0
    uint8_t reset_value, unused4[3];              // 0x80
    uint64_t x_firmware, x_dsdt;                  // 0x84
    struct acpi_address x_event_a, x_event_b;     // 0x94
    struct acpi_address x_control_a, x_control_b; // 0xac
    struct acpi_address x_control_2, x_timer;     // 0xc4
};
static_assert(offsetof(struct acpi_fadt, control_a) == 0x40 &&
              offsetof(struct acpi_fadt, reset) == 0x74 &&
              offsetof(struct acpi_fadt, x_dsdt) == 0x8c && sizeof(struct acpi_fadt) == 0xdc);
