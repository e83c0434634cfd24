// The fixed ACPI description table: sections 5.2.6 to 5.2.9.

#include "acpi.h"

#include <abi/acpi.h>

#include <stdlib.h>
#include <string.h>

// Longer tables than this are taken for damaged; real definition blocks stay below 1 MiB.
static constexpr uint32_t TABLE_LIMIT = 1024 * 1024;

static constexpr uint32_t FLAG_RESET = 1 << 10;

static bool is_named(const struct acpi_header *table, const char *signature)
{
    return memcmp(table->signature, signature, sizeof table->signature) == 0;
}

static bool checksum_holds(const uint8_t *bytes, size_t length)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += bytes[i];
    return sum == 0;
}

// A copy of a table that is sound, to be freed; else null.
static struct acpi_header *table_load(uint64_t address, acpi_copy_t copy)
{
    struct acpi_header header;
    if (!copy(address, &header, sizeof header) || header.length < sizeof header ||
        header.length > TABLE_LIMIT)
        return nullptr;
    struct acpi_header *table = malloc(header.length);
    if (table && copy(address, table, header.length) && table->length == header.length &&
        checksum_holds((const uint8_t *)table, header.length))
        return table;
    free(table);
    return nullptr;
}

// The fixed table among those that the root table names: by addresses of 4 bytes in the RSDT, of 8
// in the XSDT.
static struct acpi_header *fixed_table_find(const struct acpi_header *root, acpi_copy_t copy)
{
    size_t width = is_named(root, "XSDT") ? 8 : is_named(root, "RSDT") ? 4 : root->length;
    for (size_t at = sizeof *root; at + width <= root->length; at += width) {
        struct acpi_header header, *table;
        uint64_t address = 0;
        memcpy(&address, (const uint8_t *)root + at, width);
        if (address && copy(address, &header, sizeof header) && is_named(&header, "FACP") &&
            (table = table_load(address, copy)))
            return table;
    }
    return nullptr;
}

// The wider field of ACPI 2.0 counts where it is filled in and names a port.
static uint16_t choose_port(uint32_t narrow, const struct acpi_address *wide)
{
    if (wide->space == ACPI_SPACE_PORT && wide->address && wide->address <= UINT16_MAX)
        return (uint16_t)wide->address;
    return narrow <= UINT16_MAX ? (uint16_t)narrow : 0;
}

static void fixed_table_read(const struct acpi_fadt *fadt, struct acpi_power *power)
{
    power->control_a = choose_port(fadt->control_a, &fadt->x_control_a);
    power->control_b = choose_port(fadt->control_b, &fadt->x_control_b);
    power->command = fadt->command <= UINT16_MAX ? (uint16_t)fadt->command : 0;
    power->enable = fadt->enable;
    if (fadt->flags & FLAG_RESET && fadt->reset.space == ACPI_SPACE_PORT &&
        fadt->reset.address <= UINT16_MAX) {
        power->reset_port = (uint16_t)fadt->reset.address;
        power->reset_value = fadt->reset_value;
    }
}

static void definition_block_read(uint64_t address, acpi_copy_t copy, struct acpi_power *power)
{
    struct acpi_header *block = address ? table_load(address, copy) : nullptr;
    if (block && is_named(block, "DSDT"))
        acpi_sleep_read((const uint8_t *)(block + 1), block->length - sizeof *block, power);
    free(block);
}

struct acpi_power acpi_power_read(uint64_t root_address, acpi_copy_t copy)
{
    struct acpi_power power = {};
    struct acpi_header *root = root_address ? table_load(root_address, copy) : nullptr;
    struct acpi_header *table = root ? fixed_table_find(root, copy) : nullptr;
    if (table) {
        // Older tables are shorter: what they lack reads as 0.
        struct acpi_fadt fadt = {};
        memcpy(&fadt, table, table->length < sizeof fadt ? table->length : sizeof fadt);
        fixed_table_read(&fadt, &power);
        definition_block_read(fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt, copy, &power);
    }
    free(table);
    free(root);
    return power;
}
