// What the boot loader told: memory, modules, options, screen, ACPI. Filled once by the HAL from
// the Multiboot2 tags (specification 2.0, section 3.6), checked, and constant afterwards. Strings
// are copies that stay valid; physical ranges are as reported, sorted, not overlapping.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t;

static constexpr unsigned BOOT_REGIONS = 192;
static constexpr unsigned BOOT_MODULES = 32;
static constexpr unsigned BOOT_LINE = 160;

enum boot_region_kind : uint8_t {
    BOOT_FREE,     // RAM that frames may be made of
    BOOT_KERNEL,   // RAM taken by the kernel's image, boot tables and early page tables
    BOOT_MODULE,   // RAM that holds a module
    BOOT_RESERVED, // firmware, devices: never used as RAM
    BOOT_TABLES,   // RAM that holds the firmware's tables (ACPI): read only
};

struct boot_region {
    paddr_t start;
    uint64_t size;
    enum boot_region_kind kind;
};

struct boot_module {
    paddr_t start;
    uint64_t size;
    char line[BOOT_LINE]; // "NAME limit=... serves=..."
};

struct boot_info {
    char options[BOOT_LINE]; // the kernel's command line, without its path
    char loader[40];
    struct boot_region region[BOOT_REGIONS];
    unsigned regions;
    struct boot_module module[BOOT_MODULES];
    unsigned modules;
    size_t screen; // 0: none. The tag about it is located here, while there are tags
    uint8_t rsdp[36]; // a copy of ACPI's root pointer, 0 where it ends earlier; all 0: no ACPI
};
