// The parts of the ELF64 format that programs for Baton use. Source: System V ABI, chapters 4
// (object files) and 5 (program loading); x86-64 supplement, section 4.4 (relocation).
#pragma once

#include <stddef.h>
#include <stdint.h>

static constexpr uint8_t ELF_CLASS_64 = 2;
static constexpr uint8_t ELF_DATA_LITTLE = 1;
static constexpr uint8_t ELF_VERSION = 1;
static constexpr uint8_t ELF_SYSTEM_NONE = 0;
static constexpr uint8_t ELF_SYSTEM_GNU = 3; // the linker says so where sections are to be retained
static constexpr uint16_t ELF_TYPE_DYN = 3; // static-PIE is linked as one
static constexpr uint16_t ELF_MACHINE_X86_64 = 62;
static constexpr uint16_t ELF_PROGRAM_COUNT_ELSEWHERE = 0xffff;

struct elf_header {
    uint8_t magic[4];          // 0: 0x7f 'E' 'L' 'F'
    uint8_t class;             // 4
    uint8_t data;              // 5
    uint8_t ident_version;     // 6
    uint8_t system;            // 7: ABI of the system
    uint8_t system_version;    // 8
    uint8_t padding[7];        // 9
    uint16_t type;             // 16
    uint16_t machine;          // 18
    uint32_t version;          // 20
    uint64_t entry;            // 24: address, counted from the image's base
    uint64_t program_offset;   // 32: of the program headers, in the file
    uint64_t section_offset;   // 40
    uint32_t flags;            // 48
    uint16_t header_size;      // 52
    uint16_t program_size;     // 54: of one program header
    uint16_t program_count;    // 56
    uint16_t section_size;     // 58
    uint16_t section_count;    // 60
    uint16_t section_names;    // 62
};
static_assert(sizeof(struct elf_header) == 64);
static_assert(offsetof(struct elf_header, program_offset) == 32);

enum elf_segment_type : uint32_t {
    ELF_SEGMENT_LOAD = 1,
    ELF_SEGMENT_DYNAMIC = 2,
    ELF_SEGMENT_INTERPRETER = 3,
    ELF_SEGMENT_TLS = 7,
    ELF_SEGMENT_STACK = 0x6474e551, // GNU: flags of the stack
};

static constexpr uint32_t ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4;

struct elf_program {
    uint32_t type;             // 0: enum elf_segment_type
    uint32_t flags;            // 4
    uint64_t offset;           // 8: in the file
    uint64_t address;          // 16: counted from the image's base
    uint64_t physical;         // 24: unused
    uint64_t file_size;        // 32
    uint64_t memory_size;      // 40
    uint64_t alignment;        // 48
};
static_assert(sizeof(struct elf_program) == 56);

static constexpr uint32_t ELF_SECTION_SYMBOLS = 2, ELF_SECTION_STRINGS = 3;

struct elf_section {
    uint32_t name, type;
    uint64_t flags, address;
    uint64_t offset, size;     // 24, 32: in the file
    uint32_t link, info;       // 40: a symbol table's strings
    uint64_t alignment, entry_size;
};
static_assert(sizeof(struct elf_section) == 64);
static_assert(offsetof(struct elf_section, link) == 40);

static constexpr uint8_t ELF_SYMBOL_TYPE = 0xf, ELF_SYMBOL_FUNCTION = 2; // of `info`

struct elf_symbol {
    uint32_t name;             // offset in the strings
    uint8_t info, other;
    uint16_t section;          // 0: it is defined elsewhere
    uint64_t value, size;      // counted from the image's base
};
static_assert(sizeof(struct elf_symbol) == 24);

static constexpr int64_t ELF_DYNAMIC_END = 0;
static constexpr int64_t ELF_DYNAMIC_RELA = 7;
static constexpr int64_t ELF_DYNAMIC_RELA_SIZE = 8;

struct elf_dynamic {
    int64_t tag;
    uint64_t value;
};

static constexpr uint32_t ELF_RELOCATION_RELATIVE = 8; // base + addend

struct elf_rela {
    uint64_t offset;
    uint64_t info; // type in the low half
    int64_t addend;
};
