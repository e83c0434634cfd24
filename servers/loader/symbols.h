// Names of functions, out of an ELF file's symbol table (System V ABI, chapter 4), for backtraces.
//
// Pure, without memory of its own, and nothing in the file is believed: what a damaged table says
// can be a wrong name, never more. A table is read once for all addresses asked for.
#pragma once

#include <stddef.h>
#include <stdint.h>

static constexpr unsigned SYMBOL_NAME_MAXIMUM = 63;      // bytes of a name; the rest is cut
static constexpr unsigned SYMBOL_SECTIONS_MAXIMUM = 256; // looked at for the table
static constexpr unsigned SYMBOLS_MAXIMUM = 65536;       // looked at in the table

// A file: fills `to` with the bytes from an offset on; false if they cannot all be had.
struct symbol_file {
    bool (*read)(void *context, uint64_t offset, void *to, size_t size);
    void *context;
};

// An address (counted from the image's base), and what is found for it.
struct symbol_place {
    uint64_t address;
    uint64_t inside;                     // how far behind the function's begin
    char name[SYMBOL_NAME_MAXIMUM + 1];  // empty: no function is known there
};

// Fills in the names of `count` places. Without a table, or with a damaged one, they stay empty.
void symbols_find(const struct symbol_file *file, struct symbol_place *places, unsigned count);
