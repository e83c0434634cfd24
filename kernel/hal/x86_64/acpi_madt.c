// The multiple APIC description table: harts, I/O APICs, interrupt overrides. ACPI 6.5 section
// 5.2.12.
#include "hal/x86_64/acpi_tables.h"

// Behind the header, the local APIC's address, and flags.
static constexpr size_t FIRST_ENTRY = sizeof(struct acpi_header) + 8;

// The type, and in bits 8-15 the length, which is the type's own.
enum entry_kind : uint16_t {
    ENTRY_LOCAL_APIC = 0x0800,
    ENTRY_IO_APIC = 0x0c01,
    ENTRY_OVERRIDE = 0x0a02,
    ENTRY_LOCAL_X2APIC = 0x1009,
};

static constexpr uint32_t HART_ENABLED = 1 << 0;

struct [[gnu::packed]] entry {
    uint16_t kind; // 0x0
    union {
        struct [[gnu::packed]] {
            uint8_t processor, id; // 0x2
            uint32_t flags;        // 0x4
        } local_apic;
        struct [[gnu::packed]] {
            uint8_t id, reserved;         // 0x2
            uint32_t address, first_line; // 0x4
        } io_apic;
        struct [[gnu::packed]] {
            uint8_t bus, source; // 0x2 bus 0: ISA
            uint32_t line;       // 0x4
            uint16_t flags;      // 0x8
        } override;
        struct [[gnu::packed]] {
            uint16_t reserved;             // 0x2
            uint32_t id, flags, processor; // 0x4
        } local_x2apic;
    };
};
static_assert(sizeof(struct entry) == 16);

// Harts that firmware has disabled, or that could be plugged in later, are not started. Firmware
// may list a hart both ways (local APIC and x2APIC): the id decides.
static void add_hart(struct acpi_info *info, uint32_t id, uint32_t flags) {
    for (unsigned i = 0; i < info->harts; i++)
        if (info->apic_id[i] == id)
            return;
    if (!(flags & HART_ENABLED)) {
        info->harts_disabled++;
    } else if (info->harts == HART_LIMIT) {
        info->harts_left_out++;
    } else {
        info->apic_id[info->harts++] = id;
        if (id > info->largest_apic_id)
            info->largest_apic_id = id;
    }
}

// A hart's id of all ones means "all".
static void read_entry(const struct entry *entry, struct acpi_info *info) {
    switch (entry->kind) {
    case ENTRY_LOCAL_APIC:
        if (entry->local_apic.id != UINT8_MAX)
            add_hart(info, entry->local_apic.id, entry->local_apic.flags);
        break;
    case ENTRY_LOCAL_X2APIC:
        if (entry->local_x2apic.id != UINT32_MAX)
            add_hart(info, entry->local_x2apic.id, entry->local_x2apic.flags);
        break;
    case ENTRY_IO_APIC:
        if (info->io_apics < ACPI_IO_APICS && entry->io_apic.address)
            info->io_apic[info->io_apics++] = (struct acpi_io_apic){
                entry->io_apic.address, entry->io_apic.first_line, entry->io_apic.id};
        break;
    case ENTRY_OVERRIDE:
        if (entry->override.bus == 0 && entry->override.source < ACPI_ISA_LINES)
            info->isa[entry->override.source] =
                (struct acpi_override){entry->override.line, entry->override.flags, true};
        break;
    default:
        break;
    }
}

void acpi_read_madt(const struct acpi_header *table, struct acpi_info *info) {
    const uint8_t *at = (const uint8_t *)table + FIRST_ENTRY;
    const uint8_t *end = (const uint8_t *)table + table->length;

    if (at > end || info->hart_table)
        return;
    info->hart_table = true;
    while (end - at >= 2 && at[1] >= 2 && at[1] <= end - at) {
        read_entry((const struct entry *)at, info);
        at += at[1];
    }
}
