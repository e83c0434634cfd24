// Function names from the symbol table of an ELF file (System V ABI, chapter 4). The file is not
// trusted: every offset and size in it is checked before it is used.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The function of a file that holds the address `offset` (as linked: for a static-PIE file, counted
// from where its image begins). nullptr if there is none, or no symbol table, or it is damaged.
// The name lies in the file and is ended by 0; *symbol_offset says how far inside the function.
const char *elf_symbol_name(const void *elf, size_t size, uint64_t offset, uint64_t *symbol_offset);
