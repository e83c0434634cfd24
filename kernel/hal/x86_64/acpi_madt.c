// The multiple APIC description table: harts, I/O APICs, interrupt overrides. ACPI 6.5 section
// 5.2.12.
#include "hal/x86_64/acpi_tables.h"

struct [[gnu::packed]] madt {
    struct acpi_header header; // 0x00
    uint32_t local_apic;       // 0x24
    uint32_t flags;            // 0x28
};
static_assert(sizeof(struct madt) == 44);

enum entry_type : uint8_t {
    ENTRY_LOCAL_APIC = 0,
    ENTRY_IO_APIC = 1,
    ENTRY_OVERRIDE = 2,
    ENTRY_LOCAL_APIC_ADDRESS = 5,
    ENTRY_LOCAL_X2APIC = 9,
};

static constexpr uint32_t HART_ENABLED = 1 << 0;

struct [[gnu::packed]] entry {
    uint8_t type;   // 0x0
    uint8_t length; // 0x1 with these two
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
            uint16_t reserved; // 0x2
            uint64_t address;  // 0x4
        } local_apic_address;
        struct [[gnu::packed]] {
            uint16_t reserved;             // 0x2
            uint32_t id, flags, processor; // 0x4
        } local_x2apic;
    };
};
static_assert(offsetof(struct entry, local_apic.flags) == 4 &&
              offsetof(struct entry, io_apic.address) == 4 &&
              offsetof(struct entry, override.flags) == 8 &&
              offsetof(struct entry, local_apic_address.address) == 4 &&
              sizeof(struct entry) == 16);

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

static void add_io_apic(const struct entry *entry, struct acpi_info *info) {
    if (info->io_apics < ACPI_IO_APICS && entry->io_apic.address)
        info->io_apic[info->io_apics++] = (struct acpi_io_apic){
            .address = entry->io_apic.address,
            .first_line = entry->io_apic.first_line,
            .id = entry->io_apic.id,
        };
}

static void add_override(const struct entry *entry, struct acpi_info *info) {
    if (entry->override.bus == 0 && entry->override.source < ACPI_ISA_LINES)
        info->isa[entry->override.source] = (struct acpi_override){
            .line = entry->override.line, .flags = entry->override.flags, .present = true};
}

// A hart's id of all ones means "all".
static void read_entry(const struct entry *entry, struct acpi_info *info) {
    switch (entry->type) {
    case ENTRY_LOCAL_APIC:
        if (entry->local_apic.id != UINT8_MAX)
            add_hart(info, entry->local_apic.id, entry->local_apic.flags);
        break;
    case ENTRY_IO_APIC:
        add_io_apic(entry, info);
        break;
    case ENTRY_OVERRIDE:
        add_override(entry, info);
        break;
    case ENTRY_LOCAL_APIC_ADDRESS:
        info->local_apic = entry->local_apic_address.address;
        break;
    case ENTRY_LOCAL_X2APIC:
        if (entry->local_x2apic.id != UINT32_MAX)
            add_hart(info, entry->local_x2apic.id, entry->local_x2apic.flags);
        break;
    default:
        break;
    }
}

// Bytes that an entry of this type has at least.
static uint8_t entry_size(uint8_t type) {
    static const uint8_t sizes[] = {[ENTRY_LOCAL_APIC] = 8,
                                    [ENTRY_IO_APIC] = 12,
                                    [ENTRY_OVERRIDE] = 10,
                                    [ENTRY_LOCAL_APIC_ADDRESS] = 12,
                                    [ENTRY_LOCAL_X2APIC] = 16};
    return type < sizeof sizes ? sizes[type] : 0;
}

void acpi_read_madt(const struct acpi_header *table, acpi_map_t, struct acpi_info *info) {
    const uint8_t *bytes = (const uint8_t *)table;
    uint32_t at = sizeof(struct madt), length = table->length;

    if (length < at || info->hart_table)
        return;
    info->hart_table = true;
    info->local_apic = ((const struct madt *)table)->local_apic;
    while (length - at >= 2) {
        const struct entry *entry = (const struct entry *)(bytes + at);

        if (entry->length < 2 || entry->length > length - at)
            return;
        if (entry->length >= entry_size(entry->type))
            read_entry(entry, info);
        at += entry->length;
    }
}
