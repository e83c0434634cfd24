// What entry.S gives to the processor's tables.
#pragma once

#include <stdint.h>

// Addresses of the interrupt and exception entries, by vector.
extern const uint64_t entry_vectors[256];

// Where SYSCALL arrives.
void entry_system_call(void);
