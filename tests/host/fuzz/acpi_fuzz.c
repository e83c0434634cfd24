// ACPI tables of any content. Checksums are made right in half of the inputs, so that the readers
// behind them are reached.
// sources: kernel/hal/x86_64/acpi.c kernel/hal/x86_64/acpi_madt.c
#include "../acpi_machine.h"
#include "acpi_slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct acpi_info *info)
{
    if (info->harts < 1 || info->harts > HART_LIMIT || info->apic_id[0] != 3 ||
        info->io_apics > ACPI_IO_APICS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct acpi_info info;

    if (!tables_from(data, size))
        return 0;
    machine_read(3, &info);
    check(&info);
    return 0;
}
