// The layout of tables that the kernel alone reads, and what their readers share. ACPI 6.5 section
// 5.2.5; HPET: IA-PC HPET specification 1.0a section 3.2.4.
#pragma once

#include <abi/acpi.h>

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

struct [[gnu::packed]] acpi_hpet {
    struct acpi_header header;   // 0x00
    uint32_t block;              // 0x24
    struct acpi_address address; // 0x28
    uint8_t unused[4];           // 0x34
};
static_assert(sizeof(struct acpi_hpet) == 56);

// Reads the MADT, which is sound: `table->length` bytes are readable.
void acpi_read_madt(const struct acpi_header *table, struct acpi_info *info);
