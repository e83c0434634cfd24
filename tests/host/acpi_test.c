// The ACPI tables' reader, on tables made here: what QEMU and big machines have, and damage.
// sources: kernel/hal/x86_64/acpi.c kernel/hal/x86_64/acpi_madt.c
#include "test.h"

#include "acpi_machine.h"

static struct acpi_info info;

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
    acpi_read((uint8_t[36]){}, 7, machine_map, &info);
    CHECK_EQ(info.root, 0);
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
        CHECK(info.root != 0 && info.hart_table);
        CHECK_EQ(info.harts, 2);
        CHECK_EQ(info.apic_id[1], 1);
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
    CHECK(info.root != 0 && !info.hart_table);
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
    CHECK_EQ(info.root, 0);
    CHECK_EQ(info.damaged, 1);
    machine[8]++; // the root pointer itself
    machine_read(0, &info);
    CHECK_EQ(info.root, 0);
}

TEST(root_table_past_the_end_of_memory)
{
    machine_begin(8);
    put(machine + 24, MACHINE_BASE + MACHINE_SIZE - 10, 8);
    seal(machine, 36, 32);
    machine_read(0, &info);
    CHECK_EQ(info.root, 0);
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

TEST(fixed_table_of_acpi_2)
{
    machine_begin(8);
    uint64_t dsdt = definition_block((const uint8_t[]){1, 2, 3}, 3);
    fixed_table(244, dsdt);
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0x608);
    CHECK(info.timer_wide);
    CHECK_EQ(info.dsdt, dsdt);
    CHECK_EQ(info.damaged, 0);
}

TEST(wide_fields_of_the_fixed_table)
{
    machine_begin(8);
    uint64_t dsdt = definition_block((const uint8_t[]){1, 2, 3}, 3);
    uint8_t *fadt = machine + next;
    fixed_table(244, 0);
    put(fadt + 0x8c, dsdt, 8);
    fadt[0xd0] = 1;
    put(fadt + 0xd4, 0x708, 8);
    seal(fadt, 244, 9);
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0x708);
    CHECK_EQ(info.dsdt, dsdt);
    put(fadt + 0xd4, 0x10708, 8); // no port
    seal(fadt, 244, 9);
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0);
    fadt[0xd0] = 0; // in memory: the narrow one counts
    seal(fadt, 244, 9);
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0x608);
}

TEST(fixed_table_of_acpi_1)
{
    machine_begin(4);
    fixed_table(116, MACHINE_BASE + MACHINE_SIZE); // no definition block there
    machine_read(0, &info);
    CHECK_EQ(info.timer_port, 0x608);
    CHECK_EQ(info.damaged, 1);
}

TEST(every_prefix_of_memory)
{
    machine_begin(8);
    uint8_t *madt = madt_begin();
    madt_hart(madt, 1, 1, 1);
    table_end(madt);
    fixed_table(244, definition_block((const uint8_t[]){1, 2, 3}, 3));
    for (machine_size = 0; machine_size < next; machine_size++)
        machine_read(0, &info);
}
