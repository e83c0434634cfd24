// ACPI tables of any content, for the fuzzers of their readers: checksums are made right in half of
// the inputs, so that the readers behind them are reached.
#pragma once

#include "../acpi_memory.h"

static constexpr size_t SLOT = 256; // where a table may begin, for the inputs that are made right

static inline void seal_tables(void)
{
    for (size_t at = SLOT; at + 36 <= machine_size; at += SLOT) {
        uint32_t length;

        memcpy(&length, machine + at + 4, sizeof length);
        if (length >= 36 && length <= machine_size - at)
            seal(machine + at, length, 9);
    }
}

// A root pointer and an XSDT that names every slot; the input fills the slots.
static inline void frame_tables(void)
{
    uint8_t *xsdt = machine + SLOT;
    size_t entries = 20;

    memcpy(machine, "RSD PTR ", 8);
    machine[15] = 2;
    put(machine + 24, MACHINE_BASE + SLOT, 8);
    seal(machine, 20, 8);
    seal(machine, 36, 32);
    memcpy(xsdt, "XSDT", 4);
    put(xsdt + 4, 36 + 8 * entries, 4);
    for (size_t i = 0; i < entries; i++)
        put(xsdt + 36 + 8 * i, MACHINE_BASE + (2 + i) * SLOT, 8);
}

// Fills the machine from an input; false if that is of no use.
static inline bool tables_from(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MACHINE_SIZE)
        return false;
    memset(machine, 0, sizeof machine);
    memcpy(machine, data, size);
    machine_size = size;
    if (data[0] & 1) {
        machine_size = MACHINE_SIZE;
        frame_tables();
        seal_tables();
    }
    return true;
}
