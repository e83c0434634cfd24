// Addresses that the linker script gives: the kernel's image and its parts, all on page boundaries.
#pragma once

#include "hal/x86_64/arch.h"

extern const char image_text[], image_rodata[], image_data[], image_end[];

// Where the kernel's text switches to a space (hal_space_switch).
extern uint8_t *image_switches[], *image_switches_end[];

// The boot hart's stack, KERNEL_STACK_SIZE bytes, and the unmapped page below it (boot.S).
extern char boot_stack_guard[], boot_stack_top[];

// The physical address of something in the image.
static inline paddr_t image_to_physical(const void *address) {
    return (uint64_t)address - LAYOUT_IMAGE;
}
