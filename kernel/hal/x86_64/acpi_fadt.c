// The fixed ACPI description table: PM timer, reset, the way to power off. ACPI 6.5 section 5.2.9;
// sleeping: sections 4.8.3.2 and 7.4.2.
#include "hal/x86_64/acpi_tables.h"

struct [[gnu::packed]] fadt {
    struct acpi_header header;                    // 0x00
    uint32_t firmware_control, dsdt;              // 0x24
    uint8_t unused0[4];                           // 0x2c profile, SCI
    uint32_t command;                             // 0x30 SMI command port
    uint8_t enable;                               // 0x34 its value that turns ACPI mode on
    uint8_t unused1[11];                          // 0x35 other values, PM1 event blocks
    uint32_t control_a, control_b;                // 0x40
    uint32_t control_2, timer;                    // 0x48
    uint8_t unused2[32];                          // 0x50 general events, lengths, latencies
    uint32_t flags;                               // 0x70
    struct acpi_address reset;                    // 0x74 from here on not in ACPI 1.0
    uint8_t reset_value, unused3[3];              // 0x80
    uint64_t x_firmware_control, x_dsdt;          // 0x84
    struct acpi_address x_event_a, x_event_b;     // 0x94
    struct acpi_address x_control_a, x_control_b; // 0xac
    struct acpi_address x_control_2, x_timer;     // 0xc4
};
static_assert(offsetof(struct fadt, control_a) == 0x40 && offsetof(struct fadt, reset) == 0x74 &&
              offsetof(struct fadt, x_dsdt) == 0x8c && sizeof(struct fadt) == 0xdc);

static constexpr uint32_t FLAG_TIMER_WIDE = 1 << 8;
static constexpr uint32_t FLAG_RESET = 1 << 10;

// The wider field of ACPI 2.0 counts where it is filled in and names a port.
static uint16_t choose_port(uint32_t narrow, const struct acpi_address *wide) {
    if (wide->space == ACPI_SPACE_PORT && wide->address && wide->address <= UINT16_MAX)
        return (uint16_t)wide->address;
    return narrow <= UINT16_MAX ? (uint16_t)narrow : 0;
}

static void read_power(const struct fadt *fadt, struct acpi_info *info) {
    struct acpi_power *power = &info->power;

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

static bool is_definition_block(const struct acpi_header *table) {
    return __builtin_memcmp(table->signature, "DSDT", 4) == 0;
}

void acpi_read_fadt(const struct acpi_header *table, acpi_map_t map, struct acpi_info *info) {
    struct fadt fadt = {};
    uint32_t length = table->length;
    paddr_t address;

    // Older tables are shorter: what they lack reads as 0.
    __builtin_memcpy(&fadt, table, length < sizeof fadt ? length : sizeof fadt);
    info->timer_port = choose_port(fadt.timer, &fadt.x_timer);
    info->timer_wide = fadt.flags & FLAG_TIMER_WIDE;
    read_power(&fadt, info);
    address = fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt;
    if (address && (table = acpi_table(address, map, info)) && is_definition_block(table))
        acpi_read_sleep(table, info);
}
