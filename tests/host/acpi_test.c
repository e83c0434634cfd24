// The ACPI tables' reader, on tables made here: what QEMU and big machines have, and damage.
// sources: kernel/hal/x86_64/acpi.c kernel/hal/x86_64/acpi_madt.c
// sources: kernel/hal/x86_64/acpi_fadt.c kernel/hal/x86_64/acpi_sleep.c
#include "test.h"

#include "acpi_machine.h"

static size_t next;         // where the next table goes
static unsigned root_width; // of an entry: 4 in the RSDT, 8 in the XSDT
static uint8_t *root;
static struct acpi_info info;

static uint8_t *table_begin(const char *signature)
{
    uint8_t *table = machine + next;

    memset(table, 0, 36);
    memcpy(table, signature, 4);
    put(table + 4, 36, 4);
    return table;
}

static uint32_t table_length(const uint8_t *table)
{
    uint32_t length;

    memcpy(&length, table + 4, sizeof length);
    return length;
}

static void append(uint8_t *table, uint64_t value, unsigned bytes)
{
    uint32_t length = table_length(table);

    put(table + length, value, bytes);
    put(table + 4, length + bytes, 4);
}

static paddr_t address_of(const uint8_t *table)
{
    return MACHINE_BASE + (size_t)(table - machine);
}

// Completes a table and enters it in the root table.
static void table_end(uint8_t *table)
{
    seal(table, table_length(table), 9);
    next += (table_length(table) + 15) & ~15u;
    append(root, address_of(table), root_width);
    seal(root, table_length(root), 9);
}

// A root pointer, and a root table with room for some entries.
static void machine_begin(unsigned width)
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

static uint8_t *madt_begin(void)
{
    uint8_t *madt = table_begin("APIC");

    append(madt, 0xfee00000, 4);
    append(madt, 1, 4);
    return madt;
}

static void madt_hart(uint8_t *madt, uint8_t processor, uint8_t id, uint32_t flags)
{
    append(madt, 0x0800 | (uint64_t)processor << 16 | (uint64_t)id << 24 | (uint64_t)flags << 32,
           8);
}

static void madt_x2_hart(uint8_t *madt, uint32_t processor, uint32_t id, uint32_t flags)
{
    append(madt, 0x1009 | (uint64_t)id << 32, 8);
    append(madt, flags | (uint64_t)processor << 32, 8);
}

static void madt_override(uint8_t *madt, uint8_t source, uint32_t line, uint16_t flags)
{
    append(madt, 0x0a02 | (uint64_t)source << 24 | (uint64_t)line << 32, 8);
    append(madt, flags, 2);
}

TEST(no_root_pointer)
{
    acpi_read(0, 7, machine_map, &info);
    CHECK(!info.present);
    CHECK_EQ(info.harts, 1);
    CHECK_EQ(info.apic_id[0], 7);
    CHECK_EQ(info.damaged, 0);
}

TEST(two_harts_and_an_io_apic)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        machine_begin(width);
        uint8_t *madt = madt_begin();
        madt_hart(madt, 0, 0, 1);
        madt_hart(madt, 1, 1, 1);
        append(madt, 0x0c01 | 2 << 16 | 0xfec00000ull << 32, 8);
        append(madt, 0, 4);
        madt_override(madt, 0, 2, 0);
        madt_override(madt, 9, 9, 0xd);
        table_end(madt);
        machine_read(0, &info);
        CHECK(info.present && info.hart_table);
        CHECK_EQ(info.harts, 2);
        CHECK_EQ(info.apic_id[1], 1);
        CHECK_EQ(info.local_apic, 0xfee00000);
        CHECK_EQ(info.io_apics, 1);
        CHECK_EQ(info.io_apic[0].address, 0xfec00000);
        CHECK(info.isa[0].present && info.isa[0].line == 2 && info.isa[0].flags == 0);
        CHECK(info.isa[9].present && info.isa[9].line == 9);
        CHECK_EQ(info.isa[9].flags & ACPI_TRIGGER, ACPI_TRIGGER_LEVEL);
        CHECK(!info.isa[1].present);
    }
}

TEST(boot_hart_comes_first_wherever_it_is_listed)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    for (unsigned i = 0; i < 4; i++)
        madt_hart(madt, (uint8_t)(10 + i), (uint8_t)i, 1);
    table_end(madt);
    machine_read(2, &info);
    CHECK_EQ(info.harts, 4);
    CHECK_EQ(info.apic_id[0], 2);
    CHECK_EQ(info.apic_id[3], 3);
}

TEST(harts_disabled_pluggable_or_listed_twice)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    madt_hart(madt, 0, 0, 1);
    madt_hart(madt, 1, 1, 0); // disabled
    madt_hart(madt, 2, 2, 2); // online capable
    madt_hart(madt, 3, 3, 1);
    madt_x2_hart(madt, 3, 3, 1);
    madt_hart(madt, 4, 255, 1); // "all"
    madt_x2_hart(madt, 5, UINT32_MAX, 1);
    table_end(madt);
    machine_read(0, &info);
    CHECK_EQ(info.harts, 2);
    CHECK_EQ(info.harts_disabled, 2);
    CHECK_EQ(info.harts_left_out, 0);
}

TEST(largest_machine)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    for (uint32_t i = 0; i < 255; i++)
        madt_hart(madt, (uint8_t)i, (uint8_t)i, 1);
    madt_x2_hart(madt, 255, 0x12345, 1);
    table_end(madt);
    machine_read(0, &info);
    CHECK_EQ(info.harts, 256);
    CHECK_EQ(info.harts_left_out, 0);
    CHECK_EQ(info.apic_id[255], 0x12345);
    CHECK_EQ(info.largest_apic_id, 0x12345);
}

TEST(too_many_harts_are_counted)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    for (uint32_t i = 0; i < 1000; i++)
        madt_x2_hart(madt, i, 2 * i, 1);
    table_end(madt);
    machine_read(1998, &info); // the boot hart is the last: it has its place all the same
    CHECK_EQ(info.harts, 256);
    CHECK_EQ(info.harts_left_out, 1000 - 256);
    CHECK_EQ(info.apic_id[0], 1998);
    CHECK_EQ(info.apic_id[255], 508);
}

TEST(local_apic_address_of_64_bits)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    append(madt, 0x0c05, 4);
    append(madt, 0x1'2345'6000, 8);
    table_end(madt);
    machine_read(0, &info);
    CHECK_EQ(info.local_apic, 0x1'2345'6000);
}

TEST(malformed_entries_end_the_table)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    append(madt, 0x0300, 3);  // too short for a hart: skipped
    append(madt, 0x0277, 2);  // unknown: skipped
    madt_hart(madt, 1, 1, 1);
    append(madt, 0x0001, 2);  // length 0: no way on
    madt_hart(madt, 2, 2, 1);
    table_end(madt);
    machine_read(0, &info);
    CHECK_EQ(info.harts, 2);

    machine_begin(8);
    madt = madt_begin();
    append(madt, 0xff00, 2); // reaches past the end
    table_end(madt);
    machine_read(0, &info);
    CHECK_EQ(info.harts, 1);
}

TEST(damaged_tables_are_skipped)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    madt_hart(madt, 1, 1, 1);
    table_end(madt);
    madt[9]++;
    machine_read(0, &info);
    CHECK(info.present && !info.hart_table);
    CHECK_EQ(info.damaged, 1);
    CHECK(memcmp(info.damaged_name, "APIC", 4) == 0);
    madt[9]--;
    put(madt + 4, 0xffffffff, 4);
    machine_read(0, &info);
    CHECK_EQ(info.damaged, 1);
    CHECK(!info.hart_table);
}

TEST(damaged_root)
{
    machine_begin(8);
    root[9]++;
    machine_read(0, &info);
    CHECK(!info.present);
    CHECK_EQ(info.damaged, 1);
    machine[8]++; // the root pointer itself
    machine_read(0, &info);
    CHECK(!info.present);
}

TEST(root_table_past_the_end_of_memory)
{
    machine_begin(8);
    put(machine + 24, MACHINE_BASE + MACHINE_SIZE - 10, 8);
    seal(machine, 36, 32);
    machine_read(0, &info);
    CHECK(!info.present);
}

static void append_address(uint8_t *table, uint8_t space, uint64_t address)
{
    append(table, space | 32 << 8, 4);
    append(table, address, 8);
}

TEST(hpet)
{
    machine_begin(8);
    uint8_t *hpet = table_begin("HPET");
    append(hpet, 0x8086a201, 4);
    append_address(hpet, 0, 0xfed00000);
    append(hpet, 0, 4);
    table_end(hpet);
    machine_read(0, &info);
    CHECK_EQ(info.hpet, 0xfed00000);
}

// A definition block with some bytes; its address.
static paddr_t definition_block(const uint8_t *code, size_t size)
{
    uint8_t *table = table_begin("DSDT");

    for (size_t i = 0; i < size; i++)
        append(table, code[i], 1);
    seal(table, table_length(table), 9);
    next += (table_length(table) + 15) & ~15u;
    return address_of(table);
}

static void fixed_table(size_t length, const uint8_t *code, size_t size)
{
    paddr_t dsdt = definition_block(code, size);
    uint8_t *fadt = table_begin("FACP");

    memset(fadt + 36, 0, length - 36);
    put(fadt + 4, length, 4);
    put(fadt + 0x28, dsdt, 4);
    put(fadt + 0x30, 0xb2, 4);
    fadt[0x34] = 0xf1;
    put(fadt + 0x40, 0x604, 4);
    put(fadt + 0x4c, 0x608, 4);
    fadt[0x6c] = 0x32;
    put(fadt + 0x70, 1 << 8 | 1 << 10, 4);
    if (length > 0x80) {
        fadt[0x74] = 1;
        put(fadt + 0x78, 0xcf9, 8);
        fadt[0x80] = 0x0f;
    }
    table_end(fadt);
}

#define FIXED_TABLE(length, ...)                                                                   \
    fixed_table(length, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

TEST(fixed_table_of_acpi_2)
{
    machine_begin(8);
    FIXED_TABLE(244, 0x10, 0x20, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0x01, 0, 0);
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0x608);
    CHECK(info.timer_wide);
    CHECK_EQ(info.power.reset_port, 0xcf9);
    CHECK_EQ(info.power.reset_value, 0x0f);
    CHECK_EQ(info.power.control_a, 0x604);
    CHECK_EQ(info.power.command, 0xb2);
    CHECK_EQ(info.power.enable, 0xf1);
    CHECK(info.power.off);
    CHECK_EQ(info.power.sleep_a, 5);
    CHECK_EQ(info.power.sleep_b, 1);
}

TEST(fixed_table_of_acpi_1)
{
    machine_begin(4);
    FIXED_TABLE(116, 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00);
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0x608);
    CHECK_EQ(info.power.reset_port, 0);
    CHECK(info.power.off);
    CHECK_EQ(info.power.sleep_a, 0);
}

TEST(sleep_package_with_long_length_and_words)
{
    machine_begin(8);
    FIXED_TABLE(244, 0x08, '_', 'S', '5', '_', 0x12, 0x4a, 0x00, 0x02, 0x0b, 7, 0, 0x0c, 3, 0, 0,
                0);
    machine_read(0, &info);
    CHECK(info.power.off);
    CHECK_EQ(info.power.sleep_a, 7);
    CHECK_EQ(info.power.sleep_b, 3);
}

TEST(sleep_package_that_is_not_one)
{
    machine_begin(8); // only mentioned
    FIXED_TABLE(244, 0x70, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0);
    machine_read(0, &info);
    CHECK(!info.power.off);
    machine_begin(8); // cut off
    FIXED_TABLE(244, 0x08, '_', 'S', '5', '_', 0x12, 0xc6);
    machine_read(0, &info);
    CHECK(!info.power.off);
    machine_begin(8); // computed
    FIXED_TABLE(244, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x68, 0x00);
    machine_read(0, &info);
    CHECK(!info.power.off);
}

TEST(every_prefix_of_memory)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    madt_hart(madt, 1, 1, 1);
    table_end(madt);
    FIXED_TABLE(244, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0);
    for (machine_size = 0; machine_size < next; machine_size++)
        machine_read(0, &info);
}
