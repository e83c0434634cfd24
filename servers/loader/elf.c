// The ELF reader. Pure: no system calls, no memory of its own.

#include "elf.h"

#include <abi/elf.h>
#include <abi/types.h>

#include <string.h>

struct reader {
    const unsigned char *bytes;
    size_t size;        // of the bytes that are there
    uint64_t file_size;
    struct elf_header header;
    struct image *image;
    const char *reason;
    bool dynamic; // a DYNAMIC segment was seen
};

static enum image_verdict refuse(struct reader *reader, enum image_verdict verdict,
                                 const char *reason)
{
    reader->reason = reason;
    return verdict;
}

static enum image_verdict kind_check(struct reader *reader)
{
    const struct elf_header *header = &reader->header;
    if (header->class != ELF_CLASS_64)
        return refuse(reader, IMAGE_UNSUPPORTED, "it is not a 64-bit executable");
    if (header->data != ELF_DATA_LITTLE)
        return refuse(reader, IMAGE_UNSUPPORTED, "it is not little-endian");
    if (header->ident_version != ELF_VERSION || header->version != ELF_VERSION)
        return refuse(reader, IMAGE_UNSUPPORTED, "its ELF version is unknown");
    // The linker says "GNU" of files with sections that must be kept, such as decode tables.
    if ((header->system != ELF_SYSTEM_NONE && header->system != ELF_SYSTEM_GNU) ||
        header->system_version != 0)
        return refuse(reader, IMAGE_UNSUPPORTED, "it is for another system's ABI");
    if (header->machine != ELF_MACHINE_X86_64)
        return refuse(reader, IMAGE_UNSUPPORTED, "it is for another processor");
    if (header->type != ELF_TYPE_DYN)
        return refuse(reader, IMAGE_UNSUPPORTED, "it is not position-independent (static-PIE)");
    return IMAGE_GOOD;
}

static enum image_verdict header_read(struct reader *reader)
{
    struct elf_header *header = &reader->header;
    if (reader->size < 4 || memcmp(reader->bytes, "\177ELF", 4) != 0)
        return refuse(reader, IMAGE_NOT_ELF, "it is not an ELF file");
    if (reader->size < sizeof *header)
        return refuse(reader, IMAGE_DAMAGED, "the file ends within the ELF header");
    memcpy(header, reader->bytes, sizeof *header);
    enum image_verdict verdict = kind_check(reader);
    if (verdict != IMAGE_GOOD)
        return verdict;
    if (header->header_size != sizeof *header || header->program_size != sizeof(struct elf_program))
        return refuse(reader, IMAGE_DAMAGED, "its headers have an unknown size");
    if (header->program_count == 0)
        return refuse(reader, IMAGE_DAMAGED, "it has no segments");
    if (header->program_count > IMAGE_HEADERS_MAXIMUM)
        return refuse(reader, IMAGE_TOO_LARGE, "it has too many program headers");
    uint64_t table = (uint64_t)header->program_count * sizeof(struct elf_program);
    if (header->program_offset % 8 != 0)
        return refuse(reader, IMAGE_DAMAGED, "its program headers are misaligned");
    if (header->program_offset > reader->size || table > reader->size - header->program_offset)
        return refuse(reader, IMAGE_DAMAGED, "its program headers are not in the first page");
    return IMAGE_GOOD;
}

static enum image_verdict bounds_check(struct reader *reader, const struct elf_program *program)
{
    if (program->file_size > program->memory_size)
        return refuse(reader, IMAGE_DAMAGED, "a segment is larger in the file than in memory");
    if (program->offset > reader->file_size ||
        program->file_size > reader->file_size - program->offset)
        return refuse(reader, IMAGE_DAMAGED, "a segment lies past the end of the file");
    if (program->address > IMAGE_SIZE_MAXIMUM || program->memory_size > IMAGE_SIZE_MAXIMUM ||
        program->address + program->memory_size > IMAGE_SIZE_MAXIMUM)
        return refuse(reader, IMAGE_TOO_LARGE, "a segment lies past the largest image");
    if (program->offset % PAGE_SIZE != program->address % PAGE_SIZE)
        return refuse(reader, IMAGE_DAMAGED, "a segment is misaligned between file and memory");
    if (program->alignment != 0 && (program->alignment & (program->alignment - 1)) != 0)
        return refuse(reader, IMAGE_DAMAGED, "a segment's alignment is not a power of two");
    // Bases are multiples of 2 MiB, so what asks for more would not get it.
    if (program->alignment > PAGE_SIZE * TABLE_ENTRIES)
        return refuse(reader, IMAGE_UNSUPPORTED, "a segment's alignment is larger than 2 MiB");
    if (program->alignment > 1 &&
        program->offset % program->alignment != program->address % program->alignment)
        return refuse(reader, IMAGE_DAMAGED, "a segment is not aligned as it says");
    return IMAGE_GOOD;
}

static enum image_verdict rights_check(struct reader *reader, const struct elf_program *program)
{
    if ((program->flags & ~(ELF_READ | ELF_WRITE | ELF_EXECUTE)) != 0)
        return refuse(reader, IMAGE_UNSUPPORTED, "a segment has unknown flags");
    if ((program->flags & ELF_WRITE) && (program->flags & ELF_EXECUTE))
        return refuse(reader, IMAGE_UNSUPPORTED, "a segment is writable and executable");
    // The processor cannot map pages that are not readable.
    if (!(program->flags & ELF_READ))
        return refuse(reader, IMAGE_UNSUPPORTED, "a segment is not readable");
    if (program->memory_size > program->file_size && !(program->flags & ELF_WRITE))
        return refuse(reader, IMAGE_UNSUPPORTED, "a read-only segment is not wholly in the file");
    return IMAGE_GOOD;
}

// Puts down the segment in pages.
static void segment_add(struct image *image, const struct elf_program *program)
{
    uint64_t within = program->address % PAGE_SIZE;
    uint64_t file_end = program->file_size ? within + program->file_size : 0;
    uint64_t end = within + program->memory_size;
    image->segment[image->segment_count++] = (struct image_segment){
        .file_page = program->offset / PAGE_SIZE,
        .page = program->address / PAGE_SIZE,
        .file_pages = (file_end + PAGE_SIZE - 1) / PAGE_SIZE,
        .pages = (end + PAGE_SIZE - 1) / PAGE_SIZE,
        .tail = (uint32_t)(file_end % PAGE_SIZE),
        .writable = program->flags & ELF_WRITE,
        .executable = program->flags & ELF_EXECUTE,
    };
    image->pages = program->address / PAGE_SIZE + (end + PAGE_SIZE - 1) / PAGE_SIZE;
}

static enum image_verdict load_read(struct reader *reader, const struct elf_program *program)
{
    struct image *image = reader->image;
    enum image_verdict verdict = bounds_check(reader, program);
    if (verdict == IMAGE_GOOD)
        verdict = rights_check(reader, program);
    if (verdict != IMAGE_GOOD || program->memory_size == 0)
        return verdict;
    if (image->segment_count == IMAGE_SEGMENTS_MAXIMUM)
        return refuse(reader, IMAGE_TOO_LARGE, "it has too many segments");
    if (program->address / PAGE_SIZE < image->pages)
        return refuse(reader, IMAGE_DAMAGED, "its segments overlap or are not in order");
    segment_add(image, program);
    return IMAGE_GOOD;
}

static enum image_verdict program_read(struct reader *reader, const struct elf_program *program)
{
    switch (program->type) {
    case ELF_SEGMENT_LOAD:
        return load_read(reader, program);
    case ELF_SEGMENT_DYNAMIC:
        reader->dynamic = true;
        return IMAGE_GOOD;
    case ELF_SEGMENT_INTERPRETER:
        return refuse(reader, IMAGE_UNSUPPORTED, "it asks for a dynamic linker");
    case ELF_SEGMENT_TLS:
        return refuse(reader, IMAGE_UNSUPPORTED, "it has thread-local storage");
    case ELF_SEGMENT_STACK:
        if (program->flags & ELF_EXECUTE)
            return refuse(reader, IMAGE_UNSUPPORTED, "it asks for an executable stack");
        return IMAGE_GOOD;
    default:
        return IMAGE_GOOD; // notes and the like mean nothing here
    }
}

static enum image_verdict programs_read(struct reader *reader)
{
    for (unsigned i = 0; i < reader->header.program_count; i++) {
        struct elf_program program;
        memcpy(&program, reader->bytes + reader->header.program_offset + i * sizeof program,
               sizeof program);
        enum image_verdict verdict = program_read(reader, &program);
        if (verdict != IMAGE_GOOD)
            return verdict;
    }
    if (reader->image->segment_count == 0)
        return refuse(reader, IMAGE_DAMAGED, "it has no segments");
    if (!reader->dynamic)
        return refuse(reader, IMAGE_UNSUPPORTED, "it has no dynamic section to relocate it by");
    return IMAGE_GOOD;
}

// The entry has to be a byte of the file in an executable segment.
static enum image_verdict entry_check(struct reader *reader)
{
    struct image *image = reader->image;
    image->entry = reader->header.entry;
    uint64_t page = image->entry / PAGE_SIZE;
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segment[i];
        if (!segment->executable || page < segment->page)
            continue;
        uint64_t into = page - segment->page;
        if (into >= segment->file_pages)
            continue;
        bool last = into + 1 == segment->file_pages;
        if (!last || segment->tail == 0 || image->entry % PAGE_SIZE < segment->tail)
            return IMAGE_GOOD;
    }
    return refuse(reader, IMAGE_DAMAGED, "its entry is not in an executable segment");
}

enum image_verdict image_read(const void *header, size_t header_size, uint64_t file_size,
                              struct image *image, const char **reason)
{
    struct reader reader = {
        .bytes = header,
        .size = header_size < file_size ? header_size : (size_t)file_size,
        .file_size = file_size,
        .image = image,
    };
    *image = (struct image){};
    enum image_verdict verdict = header_read(&reader);
    if (verdict == IMAGE_GOOD)
        verdict = programs_read(&reader);
    if (verdict == IMAGE_GOOD)
        verdict = entry_check(&reader);
    *reason = reader.reason;
    return verdict;
}
