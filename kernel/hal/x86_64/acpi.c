#include "hal/x86_64/acpi.h"

#include "hal/x86_64/acpi_tables.h"

// Longer tables than this are taken for damaged; real definition blocks stay below 1 MiB.
static constexpr uint32_t TABLE_LIMIT = 4 * 1024 * 1024;

static bool name_is(const char *name, const char *expected, size_t length) {
    return __builtin_memcmp(name, expected, length) == 0;
}

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

const struct acpi_header *acpi_table(paddr_t address, acpi_map_t map, struct acpi_info *info) {
    const struct acpi_header *header = map(address, sizeof *header), *table;
    uint32_t length;

    if (!header)
        return note_damaged(nullptr, info);
    length = header->length;
    if (length < sizeof *header || length > TABLE_LIMIT)
        return note_damaged(header, info);
    table = map(address, length);
    if (!table || !checksum_holds(table, length))
        return note_damaged(header, info);
    return table;
}

static void read_hpet(const struct acpi_header *table, acpi_map_t, struct acpi_info *info) {
    const struct acpi_hpet *hpet = (const struct acpi_hpet *)table;

    if (table->length >= sizeof *hpet && hpet->address.space == ACPI_SPACE_MEMORY && !info->hpet)
        info->hpet = hpet->address.address;
}

static const struct {
    const char *signature;
    void (*read)(const struct acpi_header *table, acpi_map_t map, struct acpi_info *info);
} readers[] = {{"APIC", acpi_read_madt}, {"FACP", acpi_read_fadt}, {"HPET", read_hpet}};

// Only tables of use are read whole: a checksum costs as much as the table is long.
static void read_table(paddr_t address, acpi_map_t map, struct acpi_info *info) {
    const struct acpi_header *header = map(address, sizeof *header), *table;

    if (!header) {
        note_damaged(nullptr, info);
        return;
    }
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (name_is(header->signature, readers[i].signature, 4) &&
            (table = acpi_table(address, map, info)))
            readers[i].read(table, map, info);
}

// The root table is a header and addresses: of 4 bytes in the RSDT, of 8 in the XSDT.
static bool read_root(paddr_t address, size_t width, acpi_map_t map, struct acpi_info *info) {
    const struct acpi_header *root = acpi_table(address, map, info);
    const char *expected = width == 8 ? "XSDT" : "RSDT";

    if (!root)
        return false;
    if (!name_is(root->signature, expected, 4))
        return note_damaged(root, info);
    info->present = true;
    for (size_t at = sizeof *root; at + width <= root->length; at += width) {
        uint64_t table = 0;

        __builtin_memcpy(&table, (const char *)root + at, width);
        if (table)
            read_table(table, map, info);
    }
    return true;
}

static void find_root(paddr_t rsdp, acpi_map_t map, struct acpi_info *info) {
    // ACPI 1.0 knew the first 20 bytes only.
    const struct acpi_root_pointer *pointer = map(rsdp, 20);
    paddr_t rsdt, xsdt = 0;

    if (!pointer || !name_is(pointer->signature, "RSD PTR ", 8) || !checksum_holds(pointer, 20)) {
        note_damaged(nullptr, info);
        return;
    }
    rsdt = pointer->rsdt;
    if (pointer->revision >= 2 && (pointer = map(rsdp, sizeof *pointer)) &&
        checksum_holds(pointer, sizeof *pointer))
        xsdt = pointer->xsdt;
    if (xsdt && read_root(xsdt, 8, map, info))
        return;
    if (rsdt)
        read_root(rsdt, 4, map, info);
}

void acpi_read(paddr_t rsdp, uint32_t boot_apic_id, acpi_map_t map, struct acpi_info *info) {
    __builtin_memset(info, 0, sizeof *info);
    info->apic_id[0] = boot_apic_id;
    info->largest_apic_id = boot_apic_id;
    info->harts = 1;
    if (rsdp)
        find_root(rsdp, map, info);
}
