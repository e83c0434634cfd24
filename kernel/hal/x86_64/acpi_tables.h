// The ACPI tables' layout, and what their readers share. ACPI 6.5 sections 5.2.3 to 5.2.12;
// HPET: IA-PC HPET specification 1.0a section 3.2.4. Fields lie unaligned: all are packed.
#pragma once

#include "hal/x86_64/acpi.h"

struct [[gnu::packed]] acpi_root_pointer {
    char signature[8];       // 0x00 "RSD PTR "
    uint8_t unused0[7];      // 0x08
    uint8_t revision;        // 0x0f 0: ACPI 1.0, of 20 bytes
    uint32_t rsdt, length;   // 0x10
    uint64_t xsdt;           // 0x18
    uint8_t unused1[4];      // 0x20
};
static_assert(sizeof(struct acpi_root_pointer) == 36);

struct [[gnu::packed]] acpi_header {
    char signature[4];  // 0x00
    uint32_t length;    // 0x04 with this header
    uint8_t unused[28]; // 0x08
};
static_assert(sizeof(struct acpi_header) == 36);

// Generic address: ACPI 6.5 section 5.2.3.2.
enum acpi_space : uint8_t { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_PORT = 1 };

struct [[gnu::packed]] acpi_address {
    uint8_t space;     // 0x0
    uint8_t unused[3]; // 0x1
    uint64_t address;  // 0x4
};
static_assert(sizeof(struct acpi_address) == 12);

// Section 5.2.9, as far as it is used here. Older tables are shorter: what they lack reads as 0.
struct [[gnu::packed]] acpi_fadt {
    struct acpi_header header;    // 0x00
    uint32_t firmware, dsdt;      // 0x24
    uint8_t unused0[32];          // 0x2c
    uint32_t timer;               // 0x4c
    uint8_t unused1[32];          // 0x50
    uint32_t flags;               // 0x70
    uint8_t unused2[24];          // 0x74
    uint64_t x_dsdt;              // 0x8c
    uint8_t unused3[60];          // 0x94
    struct acpi_address x_timer;  // 0xd0
};
static_assert(offsetof(struct acpi_fadt, x_dsdt) == 0x8c && sizeof(struct acpi_fadt) == 0xdc);

struct [[gnu::packed]] acpi_hpet {
    struct acpi_header header;   // 0x00
    uint32_t block;              // 0x24
    struct acpi_address address; // 0x28
    uint8_t unused[4];           // 0x34
};
static_assert(sizeof(struct acpi_hpet) == 56);

// Reads the MADT, which is sound: `table->length` bytes are readable.
void acpi_read_madt(const struct acpi_header *table, struct acpi_info *info);
