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

struct entry_header {
    uint8_t type;   // 0x0
    uint8_t length; // 0x1 with this header
};

static constexpr uint32_t HART_ENABLED = 1 << 0;

struct [[gnu::packed]] local_apic {
    struct entry_header header; // 0x0
    uint8_t processor;          // 0x2
    uint8_t id;                 // 0x3
    uint32_t flags;             // 0x4
};
static_assert(sizeof(struct local_apic) == 8);

struct [[gnu::packed]] io_apic {
    struct entry_header header; // 0x0
    uint8_t id;                 // 0x2
    uint8_t reserved;           // 0x3
    uint32_t address;           // 0x4
    uint32_t first_line;        // 0x8
};
static_assert(sizeof(struct io_apic) == 12);

struct [[gnu::packed]] override {
    struct entry_header header; // 0x0
    uint8_t bus;                // 0x2 0: ISA
    uint8_t source;             // 0x3
    uint32_t line;              // 0x4
    uint16_t flags;             // 0x8
};
static_assert(sizeof(struct override) == 10);

struct [[gnu::packed]] local_apic_address {
    struct entry_header header; // 0x0
    uint16_t reserved;          // 0x2
    uint64_t address;           // 0x4
};
static_assert(sizeof(struct local_apic_address) == 12);

struct [[gnu::packed]] local_x2apic {
    struct entry_header header; // 0x0
    uint16_t reserved;          // 0x2
    uint32_t id;                // 0x4
    uint32_t flags;             // 0x8
    uint32_t processor;         // 0xc
};
static_assert(sizeof(struct local_x2apic) == 16);

static struct acpi_hart *find_hart(struct acpi_info *info, uint32_t id) {
    for (unsigned i = 0; i < info->harts; i++)
        if (info->hart[i].apic_id == id)
            return &info->hart[i];
    return nullptr;
}

// Harts that firmware has disabled, or that could be plugged in later, are not started. Firmware
// may list a hart both ways (local APIC and x2APIC): the id decides.
static void add_hart(struct acpi_info *info, uint32_t id, uint32_t processor, uint32_t flags) {
    struct acpi_hart *hart = find_hart(info, id);

    if (hart) {
        hart->processor = processor;
    } else if (!(flags & HART_ENABLED)) {
        info->harts_disabled++;
    } else if (info->harts == HART_LIMIT) {
        info->harts_left_out++;
    } else {
        info->hart[info->harts++] = (struct acpi_hart){.apic_id = id, .processor = processor};
        if (id > info->largest_apic_id)
            info->largest_apic_id = id;
    }
}

static void add_local_apic(const void *entry, struct acpi_info *info) {
    const struct local_apic *apic = entry;

    if (apic->id != 0xff) // means "all"
        add_hart(info, apic->id, apic->processor, apic->flags);
}

static void add_local_x2apic(const void *entry, struct acpi_info *info) {
    const struct local_x2apic *apic = entry;

    if (apic->id != UINT32_MAX)
        add_hart(info, apic->id, apic->processor, apic->flags);
}

static void add_io_apic(const void *entry, struct acpi_info *info) {
    const struct io_apic *apic = entry;

    if (info->io_apics < ACPI_IO_APICS && apic->address)
        info->io_apic[info->io_apics++] = (struct acpi_io_apic){
            .address = apic->address, .first_line = apic->first_line, .id = apic->id};
}

static void add_override(const void *entry, struct acpi_info *info) {
    const struct override *override = entry;

    if (override->bus == 0 && override->source < ACPI_ISA_LINES)
        info->isa[override->source] = (struct acpi_override){
            .line = override->line, .flags = override->flags, .present = true};
}

static void set_local_apic(const void *entry, struct acpi_info *info) {
    info->local_apic = ((const struct local_apic_address *)entry)->address;
}

static const struct reader {
    enum entry_type type;
    uint8_t size;
    void (*read)(const void *entry, struct acpi_info *info);
} readers[] = {
    {ENTRY_LOCAL_APIC, sizeof(struct local_apic), add_local_apic},
    {ENTRY_IO_APIC, sizeof(struct io_apic), add_io_apic},
    {ENTRY_OVERRIDE, sizeof(struct override), add_override},
    {ENTRY_LOCAL_APIC_ADDRESS, sizeof(struct local_apic_address), set_local_apic},
    {ENTRY_LOCAL_X2APIC, sizeof(struct local_x2apic), add_local_x2apic},
};

static void read_entry(const struct entry_header *entry, struct acpi_info *info) {
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].type == entry->type && entry->length >= readers[i].size)
            readers[i].read(entry, info);
}

void acpi_read_madt(const struct acpi_header *table, struct acpi_info *info) {
    const uint8_t *bytes = (const uint8_t *)table;
    uint32_t at = sizeof(struct madt), length = table->length;

    if (length < at || info->hart_table)
        return;
    info->hart_table = true;
    info->local_apic = ((const struct madt *)table)->local_apic;
    while (length - at >= sizeof(struct entry_header)) {
        const struct entry_header *entry = (const struct entry_header *)(bytes + at);

        if (entry->length < sizeof *entry || entry->length > length - at)
            return;
        read_entry(entry, info);
        at += entry->length;
    }
}
