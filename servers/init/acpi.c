// The fixed ACPI description table: sections 5.2.6 to 5.2.9.

#include "acpi.h"

#include <stdlib.h>
#include <string.h>

// Longer tables than this are taken for damaged; real definition blocks stay below 1 MiB.
static constexpr uint32_t TABLE_LIMIT = 1024 * 1024;

static constexpr uint32_t FLAG_RESET = 1 << 10;

struct [[gnu::packed]] header {
    char signature[4];    // 0x00
    uint32_t length;      // 0x04 with this header
    uint8_t revision;     // 0x08
    uint8_t checksum;     // 0x09
    uint8_t makers[26];   // 0x0a
};
static_assert(sizeof(struct header) == 36);

// Generic address: section 5.2.3.2.
static constexpr uint8_t SPACE_PORT = 1;

struct [[gnu::packed]] address {
    uint8_t space;    // 0x0
    uint8_t sizes[3]; // 0x1
    uint64_t address; // 0x4
};
static_assert(sizeof(struct address) == 12);

struct [[gnu::packed]] fadt {
    struct header header;                  // 0x00
    uint32_t firmware_control, dsdt;       // 0x24
    uint8_t unused0[4];                    // 0x2c profile, SCI
    uint32_t command;                      // 0x30 SMI command port
    uint8_t enable;                        // 0x34 its value that turns ACPI mode on
    uint8_t unused1[11];                   // 0x35 other values, PM1 event blocks
    uint32_t control_a, control_b;         // 0x40
    uint8_t unused2[40];                   // 0x48 other blocks, lengths, latencies
    uint32_t flags;                        // 0x70
    struct address reset;                  // 0x74 from here on not in ACPI 1.0
    uint8_t reset_value, unused3[3];       // 0x80
    uint64_t x_firmware_control, x_dsdt;   // 0x84
    struct address x_event_a, x_event_b;   // 0x94
    struct address x_control_a, x_control_b; // 0xac
};
static_assert(offsetof(struct fadt, control_a) == 0x40 && offsetof(struct fadt, reset) == 0x74 &&
              offsetof(struct fadt, x_dsdt) == 0x8c && sizeof(struct fadt) == 0xc4);

static bool is_named(const struct header *table, const char *signature)
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
static struct header *table_load(uint64_t address, acpi_copy_t copy)
{
    struct header header;
    if (!copy(address, &header, sizeof header) || header.length < sizeof header ||
        header.length > TABLE_LIMIT)
        return nullptr;
    struct header *table = malloc(header.length);
    if (table && copy(address, table, header.length) && table->length == header.length &&
        checksum_holds((const uint8_t *)table, header.length))
        return table;
    free(table);
    return nullptr;
}

// The fixed table among those that the root table names: by addresses of 4 bytes in the RSDT, of 8
// in the XSDT.
static struct header *fixed_table_find(const struct header *root, acpi_copy_t copy)
{
    size_t width = is_named(root, "XSDT") ? 8 : is_named(root, "RSDT") ? 4 : root->length;
    for (size_t at = sizeof *root; at + width <= root->length; at += width) {
        struct header header, *table;
        uint64_t address = 0;
        memcpy(&address, (const uint8_t *)root + at, width);
        if (address && copy(address, &header, sizeof header) && is_named(&header, "FACP") &&
            (table = table_load(address, copy)))
            return table;
    }
    return nullptr;
}

// The wider field of ACPI 2.0 counts where it is filled in and names a port.
static uint16_t choose_port(uint32_t narrow, const struct address *wide)
{
    if (wide->space == SPACE_PORT && wide->address && wide->address <= UINT16_MAX)
        return (uint16_t)wide->address;
    return narrow <= UINT16_MAX ? (uint16_t)narrow : 0;
}

static void fixed_table_read(const struct fadt *fadt, struct acpi_power *power)
{
    power->control_a = choose_port(fadt->control_a, &fadt->x_control_a);
    power->control_b = choose_port(fadt->control_b, &fadt->x_control_b);
    power->command = fadt->command <= UINT16_MAX ? (uint16_t)fadt->command : 0;
    power->enable = fadt->enable;
    if (fadt->flags & FLAG_RESET && fadt->reset.space == SPACE_PORT &&
        fadt->reset.address <= UINT16_MAX) {
        power->reset_port = (uint16_t)fadt->reset.address;
        power->reset_value = fadt->reset_value;
    }
}

static void definition_block_read(uint64_t address, acpi_copy_t copy, struct acpi_power *power)
{
    struct header *block = address ? table_load(address, copy) : nullptr;
    if (block && is_named(block, "DSDT"))
        acpi_sleep_read((const uint8_t *)(block + 1), block->length - sizeof *block, power);
    free(block);
}

struct acpi_power acpi_power_read(uint64_t root_address, acpi_copy_t copy)
{
    struct acpi_power power = {};
    struct header *root = root_address ? table_load(root_address, copy) : nullptr;
    struct header *table = root ? fixed_table_find(root, copy) : nullptr;
    if (table) {
        // Older tables are shorter: what they lack reads as 0.
        struct fadt fadt = {};
        memcpy(&fadt, table, table->length < sizeof fadt ? table->length : sizeof fadt);
        fixed_table_read(&fadt, &power);
        definition_block_read(fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt, copy, &power);
    }
    free(table);
    free(root);
    return power;
}
