// A small physical memory, and ACPI tables in it, for tests of their readers.
#pragma once

#include <stdint.h>
#include <string.h>

static constexpr uint64_t MACHINE_BASE = 0xe0000; // where the memory below begins
static constexpr size_t MACHINE_SIZE = 64 * 1024;

static uint8_t machine[MACHINE_SIZE];
static size_t machine_size = MACHINE_SIZE;

static inline bool machine_holds(uint64_t address, size_t size)
{
    return address >= MACHINE_BASE && address - MACHINE_BASE <= machine_size &&
           size <= machine_size - (address - MACHINE_BASE);
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

// --- tables --------------------------------------------------------------------------------------

static size_t next;         // where the next table goes
static unsigned root_width; // of an entry: 4 in the RSDT, 8 in the XSDT
static uint8_t *root;

static inline uint8_t *table_begin(const char *signature)
{
    uint8_t *table = machine + next;

    memset(table, 0, 36);
    memcpy(table, signature, 4);
    put(table + 4, 36, 4);
    return table;
}

static inline uint32_t table_length(const uint8_t *table)
{
    uint32_t length;

    memcpy(&length, table + 4, sizeof length);
    return length;
}

static inline void append(uint8_t *table, uint64_t value, unsigned bytes)
{
    uint32_t length = table_length(table);

    put(table + length, value, bytes);
    put(table + 4, length + bytes, 4);
}

static inline uint64_t address_of(const uint8_t *table)
{
    return MACHINE_BASE + (size_t)(table - machine);
}

// Completes a table and enters it in the root table.
static inline void table_end(uint8_t *table)
{
    seal(table, table_length(table), 9);
    next += (table_length(table) + 15) & ~15u;
    append(root, address_of(table), root_width);
    seal(root, table_length(root), 9);
}

// A root pointer, and a root table with room for some entries.
static inline void machine_begin(unsigned width)
{
    memset(machine, 0, sizeof machine);
    machine_size = MACHINE_SIZE;
    next = 0x40;
    root_width = width;
    root = table_begin(width == 8 ? "XSDT" : "RSDT");
    seal(root, table_length(root), 9);
    next += 256;
    memcpy(machine, "RSD PTR ", 8);
    if (width == 8) {
        machine[15] = 2;
        put(machine + 20, 36, 4);
        put(machine + 24, address_of(root), 8);
    } else {
        put(machine + 16, address_of(root), 4);
    }
    seal(machine, 20, 8);
    seal(machine, 36, 32);
}

static inline void append_address(uint8_t *table, uint8_t space, uint64_t address)
{
    append(table, space | 32 << 8, 4);
    append(table, address, 8);
}

// A definition block with some bytes; its address.
static inline uint64_t definition_block(const uint8_t *code, size_t size)
{
    uint8_t *table = table_begin("DSDT");

    for (size_t i = 0; i < size; i++)
        append(table, code[i], 1);
    seal(table, table_length(table), 9);
    next += (table_length(table) + 15) & ~15u;
    return address_of(table);
}

// What a fixed table says here: PM1 control 0x604, PM timer 0x608, reset by 0x0f at 0xcf9.
static inline void fixed_table(size_t length, uint64_t dsdt)
{
    uint8_t *fadt = table_begin("FACP");

    memset(fadt + 36, 0, length - 36);
    put(fadt + 4, length, 4);
    put(fadt + 0x28, dsdt, 4);
    put(fadt + 0x30, 0xb2, 4);
    fadt[0x34] = 0xf1;
    put(fadt + 0x40, 0x604, 4);
    put(fadt + 0x4c, 0x608, 4);
    put(fadt + 0x70, 1 << 8 | 1 << 10, 4);
    if (length > 0x80) {
        fadt[0x74] = 1;
        put(fadt + 0x78, 0xcf9, 8);
        fadt[0x80] = 0x0f;
    }
    table_end(fadt);
}
