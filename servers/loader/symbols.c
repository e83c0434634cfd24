// Finding function names. Every offset in the file is only ever handed to the file's reader, which
// checks it against what is there.

#include "symbols.h"

#include <abi/elf.h>

#include <string.h>

static bool header_read(const struct symbol_file *file, struct elf_header *header)
{
    return file->read(file->context, 0, header, sizeof *header) &&
           memcmp(header->magic, "\177ELF", 4) == 0 && header->class == ELF_CLASS_64 &&
           header->data == ELF_DATA_LITTLE && header->section_size == sizeof(struct elf_section);
}

static bool section_read(const struct symbol_file *file, const struct elf_header *header,
                         uint32_t index, struct elf_section *section)
{
    uint64_t into = (uint64_t)index * sizeof *section;
    if (index >= header->section_count || header->section_offset > UINT64_MAX - into)
        return false;
    return file->read(file->context, header->section_offset + into, section, sizeof *section);
}

// The symbol table, and the strings that its names lie in.
static bool tables_find(const struct symbol_file *file, struct elf_section *symbols,
                        struct elf_section *strings)
{
    struct elf_header header;
    if (!header_read(file, &header))
        return false;
    for (uint32_t i = 0; i < header.section_count && i < SYMBOL_SECTIONS_MAXIMUM; i++) {
        if (!section_read(file, &header, i, symbols))
            return false;
        if (symbols->type == ELF_SECTION_SYMBOLS)
            return symbols->entry_size == sizeof(struct elf_symbol) &&
                   section_read(file, &header, symbols->link, strings) &&
                   strings->type == ELF_SECTION_STRINGS;
    }
    return false;
}

// Reads up to the name's end or the room's; what a log cannot show becomes "?".
static void name_read(const struct symbol_file *file, const struct elf_section *strings,
                      uint32_t offset, char name[SYMBOL_NAME_MAXIMUM + 1])
{
    unsigned length = 0;
    for (; length < SYMBOL_NAME_MAXIMUM && offset + (uint64_t)length < strings->size; length++) {
        char c;
        uint64_t into = offset + (uint64_t)length;
        if (strings->offset > UINT64_MAX - into ||
            !file->read(file->context, strings->offset + into, &c, 1) || c == 0)
            break;
        name[length] = c > ' ' && c < 127 ? c : '?';
    }
    name[length] = 0;
}

// Hand-written assembly may give a function no size; it then counts as one byte.
static bool holds(const struct elf_symbol *symbol, uint64_t address)
{
    uint64_t size = symbol->size ? symbol->size : 1;
    return (symbol->info & ELF_SYMBOL_TYPE) == ELF_SYMBOL_FUNCTION && symbol->section != 0 &&
           address >= symbol->value && address - symbol->value < size;
}

void symbols_find(const struct symbol_file *file, struct symbol_place *places, unsigned count)
{
    struct elf_section symbols, strings;
    for (unsigned i = 0; i < count; i++)
        places[i].name[0] = 0;
    if (!tables_find(file, &symbols, &strings))
        return;
    uint64_t number = symbols.size / sizeof(struct elf_symbol);
    for (uint64_t n = 0; n < number && n < SYMBOLS_MAXIMUM; n++) {
        struct elf_symbol symbol;
        uint64_t into = n * sizeof symbol;
        if (symbols.offset > UINT64_MAX - into ||
            !file->read(file->context, symbols.offset + into, &symbol, sizeof symbol))
            return;
        for (unsigned i = 0; i < count; i++) {
            if (places[i].name[0] || !holds(&symbol, places[i].address))
                continue;
            places[i].inside = places[i].address - symbol.value;
            name_read(file, &strings, symbol.name, places[i].name);
        }
    }
}
