// The ends that need nothing but the processor and an emulator's device; powering off is the work
// of init.
#include "hal/hal.h"
#include "hal/x86_64/io.h"

// QEMU's isa-debug-exit ends the emulator with status value * 2 + 1. Where there is no such device
// nothing happens.
static constexpr uint16_t DEBUG_EXIT = 0xf4;
static constexpr uint32_t DEBUG_EXIT_IN_ORDER = 0x31;
static constexpr uint32_t DEBUG_EXIT_CRASHED = 0x33;

// An exception that finds no interrupt table shuts the processor down, which resets the machine.
static void reset(void) {
    static const char nothing[10]; // limit and base

    __asm__ volatile("lidt %0\n\tud2" : : "m"(nothing));
}

void hal_end(enum system_end how, bool crashed) {
    hal_output_drain();
    if (how == SYSTEM_RESET)
        reset();
    io_write32(DEBUG_EXIT, crashed ? DEBUG_EXIT_CRASHED : DEBUG_EXIT_IN_ORDER);
}
