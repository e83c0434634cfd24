// The machine as its firmware describes it, found once at boot.
#include "debug/log.h"
#include "hal/paging.h"
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/apic.h"
#include "hal/x86_64/clock.h"
#include "hal/x86_64/harts.h"
#include "hal/x86_64/io.h"
#include "hal/x86_64/io_apic.h"
#include "hal/x86_64/pic.h"
#include "hal/x86_64/processor.h"

LOG_MODULE(LOG_HART);

struct acpi_info acpi;

static void read_tables(const void *rsdp) {
    acpi_read(rsdp, apic_id(), paging_map_tables, &acpi);
    if (!acpi.root)
        log_warning("no ACPI tables: one hart, no interrupt lines");
    else if (!acpi.hart_table)
        log_warning("the ACPI tables list no harts: one hart, no interrupt lines");
    if (acpi.damaged)
        log_warning("ACPI: %u damaged tables skipped, the last \"%.4s\"", acpi.damaged,
                    acpi.damaged_name);
}

void hal_platform_start(const struct boot_info *boot) {
    processor_report();
    pic_disable();
    read_tables(boot->rsdp);
    io_apics_initialize();
    harts_initialize();
    clock_calibrate();
    timer_enable();
}

paddr_t hal_firmware_tables(void) { return acpi.root; }

uint32_t hal_io_read(uint16_t port, unsigned width) {
    return width == 1 ? io_read8(port) : width == 2 ? io_read16(port) : io_read32(port);
}

void hal_io_write(uint16_t port, unsigned width, uint32_t value) {
    if (width == 1)
        io_write8(port, (uint8_t)value);
    else if (width == 2)
        io_write16(port, (uint16_t)value);
    else
        io_write32(port, value);
}
