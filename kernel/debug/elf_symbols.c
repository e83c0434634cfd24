#include "debug/elf_symbols.h"

#include <abi/elf.h>

#include "hal/string.h"

struct file {
    const char *bytes;
    size_t size;
    struct elf_header header;
};

struct symbols {
    const char *table, *strings;
    size_t count, strings_size;
};

// The bytes [offset, offset + length) of the file; nullptr if they are not all there.
static const char *file_part(const struct file *file, uint64_t offset, uint64_t length) {
    if (offset > file->size || length > file->size - offset)
        return nullptr;
    return file->bytes + offset;
}

static bool read_section(const struct file *file, uint32_t index, struct elf_section *section) {
    if (index >= file->header.section_count || file->header.section_offset > file->size)
        return false;
    const char *at =
        file_part(file, file->header.section_offset + index * sizeof *section, sizeof *section);
    if (at == nullptr)
        return false;
    memcpy(section, at, sizeof *section);
    return true;
}

static bool open_symbols(const struct file *file, const struct elf_section *section,
                         struct symbols *symbols) {
    struct elf_section strings;
    if (!read_section(file, section->link, &strings) || strings.type != ELF_SECTION_STRINGS)
        return false;
    symbols->table = file_part(file, section->offset, section->size);
    symbols->count = section->size / sizeof(struct elf_symbol);
    symbols->strings = file_part(file, strings.offset, strings.size);
    symbols->strings_size = strings.size;
    return symbols->table != nullptr && symbols->strings != nullptr;
}

static bool find_symbols(const struct file *file, struct symbols *symbols) {
    for (uint32_t i = 0; i < file->header.section_count; i++) {
        struct elf_section section;
        if (!read_section(file, i, &section))
            return false;
        if (section.type == ELF_SECTION_SYMBOLS)
            return open_symbols(file, &section, symbols);
    }
    return false;
}

static const char *name_of(const struct symbols *symbols, const struct elf_symbol *symbol) {
    if (symbol->name >= symbols->strings_size)
        return nullptr;
    const char *name = symbols->strings + symbol->name;
    return memchr(name, 0, symbols->strings_size - symbol->name) != nullptr ? name : nullptr;
}

// Hand-written assembly may give a function no size; it then counts as one byte long, so that only
// its first address is taken for it.
static bool holds(const struct elf_symbol *symbol, uint64_t offset) {
    uint64_t size = symbol->size > 0 ? symbol->size : 1;
    return (symbol->info & ELF_SYMBOL_TYPE) == ELF_SYMBOL_FUNCTION && symbol->section != 0 &&
           offset >= symbol->value && offset - symbol->value < size;
}

const char *elf_symbol_name(const void *elf, size_t size, uint64_t offset,
                            uint64_t *symbol_offset) {
    struct file file = {.bytes = elf, .size = size};
    struct symbols symbols;
    if (size < sizeof file.header)
        return nullptr;
    memcpy(&file.header, elf, sizeof file.header);
    if (memcmp(file.header.magic, "\x7f" "ELF", 4) != 0 || file.header.class != ELF_CLASS_64 ||
        file.header.section_size != sizeof(struct elf_section) || !find_symbols(&file, &symbols))
        return nullptr;
    for (size_t i = 0; i < symbols.count; i++) {
        struct elf_symbol symbol;
        memcpy(&symbol, symbols.table + i * sizeof symbol, sizeof symbol);
        if (!holds(&symbol, offset))
            continue;
        *symbol_offset = offset - symbol.value;
        return name_of(&symbols, &symbol);
    }
    return nullptr;
}
