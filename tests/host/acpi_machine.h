// Tables for the kernel's reader.
#pragma once

#include <stdlib.h>

#include "acpi_memory.h"
#include "hal/x86_64/acpi.h"

static constexpr unsigned MACHINE_MAPPINGS = 4096;

static void *machine_mapping[MACHINE_MAPPINGS];
static unsigned machine_mappings;

// Each mapping is a copy of exactly the bytes asked for, so that the sanitizer sees any read past.
static const void *machine_map(paddr_t address, size_t size)
{
    void *copy;

    if (!machine_holds(address, size) || machine_mappings == MACHINE_MAPPINGS)
        return nullptr;
    copy = malloc(size);
    memcpy(copy, machine + (address - MACHINE_BASE), size);
    machine_mapping[machine_mappings++] = copy;
    return copy;
}

static void machine_unmap_all(void)
{
    while (machine_mappings > 0)
        free(machine_mapping[--machine_mappings]);
}

static void machine_read(uint32_t boot_apic_id, struct acpi_info *info)
{
    uint8_t pointer[36]; // exactly the bytes, as above

    memcpy(pointer, machine, sizeof pointer);
    acpi_read(pointer, boot_apic_id, machine_map, info);
    machine_unmap_all();
}
