// How the machine is powered off and reset, read from tables made here: what QEMU and others have,
// and damage.
// sources: servers/init/acpi.c servers/init/sleep.c
#include "test.h"

#include "acpi_memory.h"

#include "acpi.h"

static struct acpi_power power;

static bool machine_copy(uint64_t address, void *to, size_t size)
{
    if (!machine_holds(address, size))
        return false;
    memcpy(to, machine + (address - MACHINE_BASE), size);
    return true;
}

static void power_read(void)
{
    power = acpi_power_read(address_of(root), machine_copy);
}

#define DEFINITION_BLOCK(...)                                                                      \
    definition_block((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

TEST(no_tables)
{
    power = acpi_power_read(0, machine_copy);
    CHECK(!power.off && power.reset_port == 0);
    machine_begin(8); // a root table that names nothing
    power_read();
    CHECK(!power.off && power.reset_port == 0);
}

TEST(acpi_2)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        machine_begin(width);
        table_end(table_begin("APIC")); // passed over
        fixed_table(244, DEFINITION_BLOCK(0x10, 0x20, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04,
                                          0x0a, 5, 0x01, 0, 0));
        power_read();
        CHECK_EQ(power.reset_port, 0xcf9);
        CHECK_EQ(power.reset_value, 0x0f);
        CHECK_EQ(power.control_a, 0x604);
        CHECK_EQ(power.control_b, 0);
        CHECK_EQ(power.command, 0xb2);
        CHECK_EQ(power.enable, 0xf1);
        CHECK(power.off);
        CHECK_EQ(power.sleep_a, 5);
        CHECK_EQ(power.sleep_b, 1);
    }
}

TEST(wide_fields)
{
    machine_begin(8);
    uint64_t dsdt = DEFINITION_BLOCK(0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0);
    uint8_t *fadt = machine + next;
    fixed_table(244, 0);
    put(fadt + 0x8c, dsdt, 8);
    for (unsigned block = 0; block < 2; block++) {
        fadt[0xac + 12 * block] = 1;
        put(fadt + 0xb0 + 12 * block, 0x704 + 0x100 * block, 8);
    }
    seal(fadt, 244, 9);
    power_read();
    CHECK(power.off);
    CHECK_EQ(power.control_a, 0x704);
    CHECK_EQ(power.control_b, 0x804);
    put(fadt + 0xb0, 0x10704, 8); // no port: the narrow one counts
    seal(fadt, 244, 9);
    power_read();
    CHECK_EQ(power.control_a, 0x604);
}

TEST(acpi_1)
{
    machine_begin(4);
    fixed_table(116, DEFINITION_BLOCK(0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00,
                                      0x00, 0x00));
    power_read();
    CHECK_EQ(power.reset_port, 0);
    CHECK(power.off);
    CHECK_EQ(power.sleep_a, 0);
}

TEST(no_control_port)
{
    machine_begin(8);
    uint64_t dsdt = DEFINITION_BLOCK(0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0);
    uint8_t *fadt = machine + next;
    fixed_table(244, dsdt);
    put(fadt + 0x40, 0, 4);
    seal(fadt, 244, 9);
    power_read();
    CHECK(!power.off);
}

TEST(damage)
{
    machine_begin(8);
    uint64_t dsdt = DEFINITION_BLOCK(0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0);
    uint8_t *fadt = machine + next;
    fixed_table(244, dsdt);
    machine[dsdt - MACHINE_BASE + 9]++;
    power_read();
    CHECK(!power.off);
    CHECK_EQ(power.reset_port, 0xcf9); // the fixed table is sound
    machine[dsdt - MACHINE_BASE + 9]--;
    fadt[9]++;
    power_read();
    CHECK_EQ(power.reset_port, 0);
    fadt[9]--;
    power_read();
    CHECK(power.off);
    put(fadt + 4, 0xffffffff, 4);
    power_read();
    CHECK_EQ(power.reset_port, 0);
    put(fadt + 4, 244, 4);
    root[9]++;
    power_read();
    CHECK_EQ(power.reset_port, 0);
    memcpy(root, "XXXX", 4); // sound, but no root table
    seal(root, table_length(root), 9);
    power_read();
    CHECK_EQ(power.reset_port, 0);
}

static void sleep_of(const uint8_t *code, size_t size)
{
    power = (struct acpi_power){.control_a = 0x604};
    acpi_sleep_read(code, size, &power);
}

#define SLEEP_OF(...)                                                                              \
    sleep_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

TEST(sleep_package_with_long_length_and_words)
{
    SLEEP_OF(0x08, '_', 'S', '5', '_', 0x12, 0x4a, 0x00, 0x02, 0x0b, 7, 0, 0x0c, 3, 0, 0, 0);
    CHECK(power.off);
    CHECK_EQ(power.sleep_a, 7);
    CHECK_EQ(power.sleep_b, 3);
}

TEST(sleep_package_that_is_not_one)
{
    SLEEP_OF(0x70, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0); // only mentioned
    CHECK(!power.off);
    SLEEP_OF(0x08, '_', 'S', '5', '_', 0x12, 0xc6); // cut off
    CHECK(!power.off);
    SLEEP_OF(0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x68, 0x00); // computed
    CHECK(!power.off);
    SLEEP_OF('_', 'S', '5', '_'); // nothing before and behind
    CHECK(!power.off);
}

TEST(every_prefix_of_memory)
{
    machine_begin(8);
    uint64_t dsdt = DEFINITION_BLOCK(0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0, 0, 0);
    fixed_table(244, dsdt);
    for (machine_size = 0; machine_size < next; machine_size++)
        power_read();
    machine_size = MACHINE_SIZE;
    power_read();
    CHECK(power.off);
}
