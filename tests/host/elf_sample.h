// A small well-formed program file, for tests to damage.
#pragma once

#include <abi/elf.h>

#include <stdint.h>
#include <string.h>

static constexpr unsigned SAMPLE_PROGRAMS = 5;
static constexpr uint64_t SAMPLE_SIZE = 0x3100;

struct sample {
    struct elf_header header;
    struct elf_program program[SAMPLE_PROGRAMS];
    unsigned char rest[4096 - sizeof(struct elf_header) -
                       SAMPLE_PROGRAMS * sizeof(struct elf_program)];
};
static_assert(sizeof(struct sample) == 4096);

enum sample_program { SAMPLE_READ_ONLY, SAMPLE_TEXT, SAMPLE_DATA, SAMPLE_DYNAMIC, SAMPLE_STACK };

static inline struct elf_program sample_load(uint32_t flags, uint64_t address, uint64_t file_size,
                                             uint64_t memory_size)
{
    return (struct elf_program){
        .type = ELF_SEGMENT_LOAD,
        .flags = flags,
        .offset = address,
        .address = address,
        .file_size = file_size,
        .memory_size = memory_size,
        .alignment = 4096,
    };
}

static inline struct sample sample_make(void)
{
    return (struct sample){
        .header =
            {
                .magic = {0x7f, 'E', 'L', 'F'},
                .class = ELF_CLASS_64,
                .data = ELF_DATA_LITTLE,
                .ident_version = ELF_VERSION,
                .type = ELF_TYPE_DYN,
                .machine = ELF_MACHINE_X86_64,
                .version = ELF_VERSION,
                .entry = 0x1010,
                .program_offset = sizeof(struct elf_header),
                .header_size = sizeof(struct elf_header),
                .program_size = sizeof(struct elf_program),
                .program_count = SAMPLE_PROGRAMS,
            },
        .program =
            {
                [SAMPLE_READ_ONLY] = sample_load(ELF_READ, 0, 0x1000, 0x1000),
                [SAMPLE_TEXT] = sample_load(ELF_READ | ELF_EXECUTE, 0x1000, 0x1234, 0x1234),
                [SAMPLE_DATA] = sample_load(ELF_READ | ELF_WRITE, 0x3000, 0x100, 0x2800),
                [SAMPLE_DYNAMIC] = {.type = ELF_SEGMENT_DYNAMIC, .flags = ELF_READ | ELF_WRITE},
                [SAMPLE_STACK] = {.type = ELF_SEGMENT_STACK, .flags = ELF_READ | ELF_WRITE},
            },
    };
}
