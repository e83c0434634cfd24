// Writes ACPI tables into a small physical memory, for tests of their reader.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hal/x86_64/acpi.h"

static constexpr paddr_t MACHINE_BASE = 0xe0000; // where the memory below begins
static constexpr size_t MACHINE_SIZE = 64 * 1024;
static constexpr unsigned MACHINE_MAPPINGS = 4096;

static uint8_t machine[MACHINE_SIZE];
static size_t machine_size = MACHINE_SIZE;
static void *machine_mapping[MACHINE_MAPPINGS];
static unsigned machine_mappings;

// Each mapping is a copy of exactly the bytes asked for, so that the sanitizer sees any read past.
static const void *machine_map(paddr_t address, size_t size)
{
    void *copy;

    if (address < MACHINE_BASE || address - MACHINE_BASE > machine_size ||
        size > machine_size - (address - MACHINE_BASE) || machine_mappings == MACHINE_MAPPINGS)
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
    acpi_read(MACHINE_BASE, boot_apic_id, machine_map, info);
    machine_unmap_all();
}

static inline void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    memcpy(at, &value, bytes); // the host is little-endian, too
}

static inline void seal(uint8_t *table, size_t length, size_t checksum_at)
{
    uint8_t sum = 0;

    table[checksum_at] = 0;
    for (size_t i = 0; i < length; i++)
        sum += table[i];
    table[checksum_at] = (uint8_t)-sum;
}
