// ACPI 6.5 sections 4.8.3.2 (PM1 control), 4.8.3.6 (reset register), 7.4.2 (entering S5).
#include "hal/x86_64/power.h"

#include "hal/hal.h"
#include "hal/x86_64/instructions.h"
#include "hal/x86_64/io.h"

// QEMU's isa-debug-exit ends the emulator with status value * 2 + 1. Where there is no such device
// nothing happens.
static constexpr uint16_t DEBUG_EXIT = 0xf4;
static constexpr uint32_t DEBUG_EXIT_IN_ORDER = 0x31;
static constexpr uint32_t DEBUG_EXIT_CRASHED = 0x33;

static constexpr uint16_t PM1_ACPI_MODE = 1 << 0;
static constexpr uint16_t PM1_SLEEP_ENABLE = 1 << 13;
static constexpr unsigned PM1_SLEEP_SHIFT = 10;

static constexpr uint16_t KEYBOARD_COMMAND = 0x64; // also its status
static constexpr uint8_t KEYBOARD_BUSY = 1 << 1;
static constexpr uint8_t KEYBOARD_RESET = 0xfe; // pulses the processor's reset line

static struct acpi_power power;

void power_initialize(const struct acpi_power *from_tables) { power = *from_tables; }

// About a microsecond each: how long an access to port 80H takes.
static void wait_accesses(unsigned count) {
    for (unsigned i = 0; i < count; i++)
        io_write8(0x80, 0);
}

// Where the firmware runs the power management itself until told otherwise.
static void enter_acpi_mode(void) {
    if (!power.command || !power.enable || io_read16(power.control_a) & PM1_ACPI_MODE)
        return;
    io_write8(power.command, power.enable);
    for (unsigned i = 0; i < 3000 && !(io_read16(power.control_a) & PM1_ACPI_MODE); i++)
        wait_accesses(100);
}

static void sleep(uint16_t port, uint8_t type) {
    uint16_t value = io_read16(port) & ~(7u << PM1_SLEEP_SHIFT);

    io_write16(port, value | (uint16_t)(type << PM1_SLEEP_SHIFT) | PM1_SLEEP_ENABLE);
}

static void power_off(void) {
    if (!power.off)
        return;
    enter_acpi_mode();
    sleep(power.control_a, power.sleep_a);
    if (power.control_b)
        sleep(power.control_b, power.sleep_b);
    wait_accesses(1'000'000);
}

static void reset_by_keyboard(void) {
    for (unsigned i = 0; i < 1000 && io_read8(KEYBOARD_COMMAND) & KEYBOARD_BUSY; i++)
        wait_accesses(10);
    io_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    wait_accesses(100'000);
}

// An exception that finds no interrupt table shuts the processor down, which resets the machine.
[[noreturn]] static void reset_by_fault(void) {
    struct [[gnu::packed]] {
        uint16_t limit;
        uint64_t base;
    } nothing = {};

    __asm__ volatile("lidt %0\n\tud2" : : "m"(nothing));
    __builtin_unreachable();
}

[[noreturn]] static void reset(void) {
    if (power.reset_port) {
        io_write8(power.reset_port, power.reset_value);
        wait_accesses(100'000);
    }
    reset_by_keyboard();
    reset_by_fault();
}

// After a crash the report stays on the screen, and who asked for the power to go off does not want
// a reboot: where nothing else is possible both halt.
void hal_end(enum system_end how, bool crashed) {
    uint32_t result = crashed ? DEBUG_EXIT_CRASHED : DEBUG_EXIT_IN_ORDER;

    hal_output_drain();
    if (how == SYSTEM_REBOOT)
        reset();
    if (how == SYSTEM_EXIT)
        io_write32(DEBUG_EXIT, result);
    if (how == SYSTEM_POWER_OFF || !crashed)
        power_off();
    io_write32(DEBUG_EXIT, result);
    if (how == SYSTEM_EXIT && !crashed)
        reset();
    hal_halt();
}
