// Powering off and resetting: ACPI 6.5 sections 4.8.3.2 (PM1 control), 4.8.3.6 (reset register),
// 7.4.2 (entering S5).

#include "power.h"

#include "acpi.h"

#include <abi/query.h>
#include <baton/log.h>
#include <baton/system.h>
#include <baton/time.h>

#include <string.h>

static constexpr uint32_t PM1_ACPI_MODE = 1 << 0;
static constexpr uint32_t PM1_SLEEP_ENABLE = 1 << 13;
static constexpr unsigned PM1_SLEEP_SHIFT = 10;

static constexpr uint16_t KEYBOARD_COMMAND = 0x64; // also its status
static constexpr uint32_t KEYBOARD_BUSY = 1 << 1;
static constexpr uint32_t KEYBOARD_RESET = 0xfe; // pulses the processor's reset line

static constexpr uint64_t NS_PER_MS = 1'000'000;

static handle_t system_handle, ports;

static void wait_ms(uint64_t milliseconds)
{
    (void)sleep_until(deadline_after(milliseconds * NS_PER_MS));
}

// All ones, as of a device that is not there, when the port cannot be read.
static uint32_t port_read(uint16_t port, uint32_t width)
{
    uint64_t value;
    return system_io_read(ports, port, width, &value) == OK ? (uint32_t)value : UINT32_MAX;
}

static void port_write(uint16_t port, uint32_t width, uint32_t value)
{
    (void)system_io_write(ports, port, width, value);
}

// --- the tables ----------------------------------------------------------------------------------

static alignas(PAGE_SIZE) uint8_t page[PAGE_SIZE];

static uint64_t query(uint32_t topic, uint64_t index)
{
    uint64_t count;
    status_t status = system_system_query(system_handle, topic, index, (uaddr_t)page, &count);
    return status == OK ? count : 0;
}

static bool physical_copy(uint64_t address, void *to, size_t size)
{
    uint8_t *out = to;
    while (size > 0) {
        size_t offset = address % PAGE_SIZE;
        size_t part = size < PAGE_SIZE - offset ? size : PAGE_SIZE - offset;
        if (query(QUERY_FIRMWARE, address / PAGE_SIZE) == 0)
            return false;
        memcpy(out, page + offset, part);
        out += part;
        address += part;
        size -= part;
    }
    return true;
}

static struct acpi_power tables_read(void)
{
    const struct query_machine *machine = (const struct query_machine *)page;
    uint64_t root = query(QUERY_MACHINE, 0) != 0 ? machine->firmware_tables : 0;
    return acpi_power_read(root, physical_copy);
}

// --- off -----------------------------------------------------------------------------------------

// Where the firmware runs the power management itself until told otherwise.
static void enter_acpi_mode(const struct acpi_power *power)
{
    if (!power->command || !power->enable || port_read(power->control_a, 2) & PM1_ACPI_MODE)
        return;
    port_write(power->command, 1, power->enable);
    for (unsigned i = 0; i < 300 && !(port_read(power->control_a, 2) & PM1_ACPI_MODE); i++)
        wait_ms(1);
}

static void sleep_enter(uint16_t port, uint32_t type)
{
    uint32_t value = port_read(port, 2) & ~(7u << PM1_SLEEP_SHIFT);
    port_write(port, 2, (value | type << PM1_SLEEP_SHIFT | PM1_SLEEP_ENABLE) & UINT16_MAX);
}

static void power_off(const struct acpi_power *power)
{
    if (!power->off)
        return;
    enter_acpi_mode(power);
    sleep_enter(power->control_a, power->sleep_a);
    if (power->control_b)
        sleep_enter(power->control_b, power->sleep_b);
    wait_ms(1000);
}

// --- reset ---------------------------------------------------------------------------------------

static void reset(const struct acpi_power *power)
{
    if (power->reset_port) {
        port_write(power->reset_port, 1, power->reset_value);
        wait_ms(100);
    }
    for (unsigned i = 0; i < 10 && port_read(KEYBOARD_COMMAND, 1) & KEYBOARD_BUSY; i++)
        wait_ms(1);
    port_write(KEYBOARD_COMMAND, 1, KEYBOARD_RESET);
    wait_ms(100);
}

void power_off_or_reset(handle_t system, handle_t io)
{
    system_handle = system;
    ports = io;
    struct acpi_power power = tables_read();
    power_off(&power);
    log_warning("cannot power off: resetting");
    reset(&power);
}
