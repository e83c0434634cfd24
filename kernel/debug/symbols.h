// The kernel's own function names, for backtraces.
//
// The tables are made by scripts/symbols from the linked kernel and linked in by a second pass,
// so they are part of the image and need no file at run time. In the first pass, and in host
// tests that link the empty table, kernel_symbol_count is 0.
#pragma once

#include <stdint.h>

// Offsets count from here, where -mcmodel=kernel begins: the top 2 GiB.
constexpr uint64_t kernel_symbol_base = 0xffff'ffff'8000'0000;

struct kernel_symbol {
    uint32_t offset_from_kernel_base; // of the function's first byte
    uint32_t name;                    // index into kernel_symbol_names
};

extern const struct kernel_symbol kernel_symbols[]; // sorted by offset
extern const uint32_t kernel_symbol_count;
extern const char kernel_symbol_names[]; // zero-terminated strings, one after another
