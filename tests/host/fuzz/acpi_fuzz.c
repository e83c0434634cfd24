// ACPI tables of any content. Checksums are made right in half of the inputs, so that the readers
// behind them are reached.
// sources: kernel/hal/x86_64/acpi.c kernel/hal/x86_64/acpi_madt.c
// sources: kernel/hal/x86_64/acpi_fadt.c kernel/hal/x86_64/acpi_sleep.c
#include "../acpi_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static constexpr size_t SLOT = 256; // where a table may begin, for the inputs that are made right

static void seal_tables(void)
{
    for (size_t at = SLOT; at + 36 <= machine_size; at += SLOT) {
        uint32_t length;

        memcpy(&length, machine + at + 4, sizeof length);
        if (length >= 36 && length <= machine_size - at)
            seal(machine + at, length, 9);
    }
}

// A root pointer and an XSDT that names every slot; the input fills the slots.
static void frame_tables(void)
{
    uint8_t *root = machine + SLOT;
    size_t entries = 20;

    memcpy(machine, "RSD PTR ", 8);
    machine[15] = 2;
    put(machine + 24, MACHINE_BASE + SLOT, 8);
    seal(machine, 20, 8);
    seal(machine, 36, 32);
    memcpy(root, "XSDT", 4);
    put(root + 4, 36 + 8 * entries, 4);
    for (size_t i = 0; i < entries; i++)
        put(root + 36 + 8 * i, MACHINE_BASE + (2 + i) * SLOT, 8);
}

static void check(const struct acpi_info *info)
{
    if (info->harts < 1 || info->harts > HART_LIMIT || info->apic_id[0] != 3 ||
        info->io_apics > ACPI_IO_APICS)
        abort();
    if (info->power.off && (info->power.sleep_a > 7 || info->power.sleep_b > 7))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct acpi_info info;

    if (size < 1 || size > MACHINE_SIZE)
        return 0;
    memset(machine, 0, sizeof machine);
    memcpy(machine, data, size);
    machine_size = size;
    if (data[0] & 1) {
        machine_size = MACHINE_SIZE;
        frame_tables();
        seal_tables();
    }
    machine_read(3, &info);
    check(&info);
    return 0;
}
