
#include "hal/x86_64/acpi_tables.h"

// Longer tables than this are taken for damaged; real definition blocks stay below 1 MiB.
static constexpr uint32_t TABLE_LIMIT = 4 * 1024 * 1024;

static constexpr uint32_t FADT_TIMER_WIDE = 1 << 8;

static bool checksum_holds(const void *bytes, size_t length) {
    const uint8_t *byte = bytes;
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += byte[i];
    return sum == 0;
}

static const struct acpi_header *note_damaged(const struct acpi_header *header,
                                              struct acpi_info *info) {
    info->damaged++;
    __builtin_memcpy(info->damaged_name, header ? header->signature : "?   ", 4);
    return nullptr;
}

static bool is_named(const struct acpi_header *table, const char *signature) {
    return __builtin_memcmp(table->signature, signature, 4) == 0;
}

// Maps a whole table and verifies it; nullptr if it is not sound, which is noted in `info`.
static const struct acpi_header *map_table(paddr_t address, acpi_map_t map,
                                           struct acpi_info *info) {
    const struct acpi_header *header = map(address, sizeof *header), *table = nullptr;

    if (header && header->length >= sizeof *header && header->length <= TABLE_LIMIT)
        table = map(address, header->length);
    return table && checksum_holds(table, table->length) ? table : note_damaged(header, info);
}

static void read_hpet(const struct acpi_header *table, struct acpi_info *info) {
    const struct acpi_hpet *hpet = (const struct acpi_hpet *)table;

    if (table->length >= sizeof *hpet && hpet->address.space == ACPI_SPACE_MEMORY && !info->hpet)
        info->hpet = hpet->address.address;
}

// The wider field of ACPI 2.0 counts where it is filled in and names a port.
static void read_fadt(const struct acpi_header *table, struct acpi_info *info) {
    struct acpi_fadt fadt = {};

    __builtin_memcpy(&fadt, table, table->length < sizeof fadt ? table->length : sizeof fadt);
    info->dsdt = fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt;
    info->timer_wide = fadt.flags & FADT_TIMER_WIDE;
    if (fadt.x_timer.space == ACPI_SPACE_PORT && fadt.x_timer.address)
        fadt.timer = (uint32_t)fadt.x_timer.address;
    info->timer_port = fadt.timer <= UINT16_MAX ? (uint16_t)fadt.timer : 0;
}

static const struct {
    const char *signature;
    void (*read)(const struct acpi_header *table, struct acpi_info *info);
} readers[] = {{"APIC", acpi_read_madt}, {"FACP", read_fadt}, {"HPET", read_hpet}};

// Only tables of use are read whole: a checksum costs as much as the table is long.
static void read_table(paddr_t address, acpi_map_t map, struct acpi_info *info) {
    const struct acpi_header *header = map(address, sizeof *header), *table;

    if (!header)
        note_damaged(nullptr, info);
    for (size_t i = 0; header && i < sizeof readers / sizeof *readers; i++)
        if (is_named(header, readers[i].signature) && (table = map_table(address, map, info)))
            readers[i].read(table, info);
}

// The root table is a header and addresses: of 4 bytes in the RSDT, of 8 in the XSDT.
static bool read_root(paddr_t address, size_t width, acpi_map_t map, struct acpi_info *info) {
    const struct acpi_header *root = address ? map_table(address, map, info) : nullptr;

    if (!root)
        return false;
    if (!is_named(root, width == 8 ? "XSDT" : "RSDT"))
        return note_damaged(root, info);
    info->root = address;
    for (size_t at = sizeof *root; at + width <= root->length; at += width) {
        uint64_t table = 0;

        __builtin_memcpy(&table, (const char *)root + at, width);
        if (table)
            read_table(table, map, info);
    }
    // Mapped for those who look there how to power off.
    if (info->dsdt)
        map_table(info->dsdt, map, info);
    return true;
}

// ACPI 1.0 knew the first 20 bytes only.
static void find_root(const struct acpi_root_pointer *pointer, acpi_map_t map,
                      struct acpi_info *info) {
    if (__builtin_memcmp(pointer->signature, "RSD PTR ", 8) != 0 || !checksum_holds(pointer, 20))
        note_damaged(nullptr, info);
    else if (pointer->revision < 2 || !checksum_holds(pointer, sizeof *pointer) ||
             !read_root(pointer->xsdt, 8, map, info))
        read_root(pointer->rsdt, 4, map, info);
}

void acpi_read(const void *rsdp, uint32_t boot_apic_id, acpi_map_t map, struct acpi_info *info) {
    const struct acpi_root_pointer *pointer = rsdp;

    __builtin_memset(info, 0, sizeof *info);
    info->apic_id[0] = boot_apic_id;
    info->largest_apic_id = boot_apic_id;
    info->harts = 1;
    if (pointer->signature[0])
        find_root(pointer, map, info);
}
