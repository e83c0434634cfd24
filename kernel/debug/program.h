// What the crash reports need to know about a program. Implemented where threads are.
#pragma once

#include "hal/hal.h"

struct thread;

const char *program_name(const struct thread *thread); // at most 16 characters, always ended by 0
uint32_t program_number(const struct thread *thread);
const struct registers *program_registers(const struct thread *thread);

// Reads a word of the program's memory through the kernel's own map; false if it is not present.
bool program_peek(const struct thread *thread, uaddr_t address, uint64_t *value);

// The ELF file that a boot module's program came from, in the kernel's map, and where its image
// begins in the program; nullptr for programs that the kernel did not load.
const void *program_image(const struct thread *thread, size_t *size, uaddr_t *base);
