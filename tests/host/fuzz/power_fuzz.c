// The tables that say how to power off, of any content.
// sources: servers/init/acpi.c servers/init/sleep.c
#include "acpi_slots.h"

#include "acpi.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool machine_copy(uint64_t address, void *to, size_t size)
{
    if (!machine_holds(address, size))
        return false;
    memcpy(to, machine + (address - MACHINE_BASE), size);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!tables_from(data, size))
        return 0;
    struct acpi_power power = acpi_power_read(MACHINE_BASE + SLOT, machine_copy);
    if (power.off && (power.sleep_a > 7 || power.sleep_b > 7 || power.control_a == 0))
        abort();
    return 0;
}
