// What a report about a program needs to know of it. Implemented where threads are.
#pragma once

#include "hal/hal.h"

struct thread;

const char *program_name(const struct thread *thread); // at most 16 characters, always ended by 0
uint32_t program_number(const struct thread *thread);
const struct registers *program_registers(const struct thread *thread);

// Reads a word of the program's memory through the kernel's own map; false if it is not present.
bool program_peek(const struct thread *thread, uaddr_t address, uint64_t *value);

// Where the program's image begins in it, 0 if the kernel does not know, and the ELF file that it
// was made of, in the kernel's map: only for boot modules, else nullptr.
const void *program_image(const struct thread *thread, size_t *size, uaddr_t *base);
