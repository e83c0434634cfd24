// sources: servers/loader/elf.c
//
// The loader's ELF reader: one good file, and each way in which one can be bad.

#include "elf.h"
#include "elf_sample.h"
#include "test.h"

#include <stdlib.h>

static struct sample sample;
static struct image image;
static const char *reason;

static enum image_verdict verdict_of_size(size_t header_size, uint64_t file_size)
{
    // A copy of just that size, so that the sanitizer sees a read past it.
    unsigned char *copy = malloc(header_size ? header_size : 1);
    memcpy(copy, &sample, header_size);
    reason = nullptr;
    enum image_verdict verdict = image_read(copy, header_size, file_size, &image, &reason);
    free(copy);
    return verdict;
}

static enum image_verdict verdict(void)
{
    return verdict_of_size(sizeof sample, SAMPLE_SIZE);
}

// Fails unless the sample is refused in this way, with a reason that holds this text.
static bool refused(enum image_verdict expected, const char *text)
{
    enum image_verdict actual = verdict();
    bool good = actual == expected && reason && strstr(reason, text);
    if (!good)
        printf("verdict %d, reason %s\n", actual, reason ? reason : "(none)");
    sample = sample_make();
    return good;
}

#define REFUSED(verdict, text) CHECK(refused(verdict, text))

static void set_up(void)
{
    sample = sample_make();
}

TEST(good_file)
{
    set_up();
    CHECK_EQ(verdict(), IMAGE_GOOD);
    CHECK_EQ(image.entry, 0x1010);
    CHECK_EQ(image.pages, 6);
    CHECK_EQ(image.segment_count, 3);
    const struct image_segment *data = &image.segment[SAMPLE_DATA];
    CHECK_EQ(data->file_page, 3);
    CHECK_EQ(data->page, 3);
    CHECK_EQ(data->file_pages, 1);
    CHECK_EQ(data->pages, 3);
    CHECK_EQ(data->tail, 0x100);
    CHECK(data->writable && !data->executable);
    CHECK_EQ(image.segment[SAMPLE_TEXT].file_pages, 2);
    CHECK(image.segment[SAMPLE_TEXT].executable);
    CHECK_EQ(image.segment[SAMPLE_READ_ONLY].tail, 0);
}

TEST(every_cut_is_refused_or_good)
{
    set_up();
    for (size_t size = 0; size < sizeof sample; size++) {
        enum image_verdict cut = verdict_of_size(size, size);
        CHECK(cut != IMAGE_GOOD);
        CHECK(reason);
    }
    for (uint64_t size = sizeof sample; size < SAMPLE_SIZE; size++)
        CHECK_EQ(verdict_of_size(sizeof sample, size), IMAGE_DAMAGED);
}

TEST(not_elf)
{
    set_up();
    sample.header.magic[1] = 'F';
    REFUSED(IMAGE_NOT_ELF, "not an ELF file");
    memcpy(&sample, "#!/bin/shell\n", 13);
    REFUSED(IMAGE_NOT_ELF, "not an ELF file");
}

TEST(for_something_else)
{
    set_up();
    sample.header.class = 1;
    REFUSED(IMAGE_UNSUPPORTED, "64-bit");
    sample.header.data = 2;
    REFUSED(IMAGE_UNSUPPORTED, "little-endian");
    sample.header.version = 2;
    REFUSED(IMAGE_UNSUPPORTED, "version");
    sample.header.ident_version = 0;
    REFUSED(IMAGE_UNSUPPORTED, "version");
    sample.header.system = 9;
    REFUSED(IMAGE_UNSUPPORTED, "ABI");
    sample.header.system = ELF_SYSTEM_GNU;
    CHECK_EQ(verdict(), IMAGE_GOOD);
    sample.header.machine = 183;
    REFUSED(IMAGE_UNSUPPORTED, "processor");
    sample.header.type = 2;
    REFUSED(IMAGE_UNSUPPORTED, "position-independent");
}

TEST(headers)
{
    set_up();
    sample.header.header_size = 52;
    REFUSED(IMAGE_DAMAGED, "unknown size");
    sample.header.program_size = 32;
    REFUSED(IMAGE_DAMAGED, "unknown size");
    sample.header.program_count = 0;
    REFUSED(IMAGE_DAMAGED, "no segments");
    sample.header.program_count = ELF_PROGRAM_COUNT_ELSEWHERE;
    REFUSED(IMAGE_TOO_LARGE, "too many");
    sample.header.program_offset = UINT64_MAX & ~7ull;
    REFUSED(IMAGE_DAMAGED, "first page");
    sample.header.program_offset = 4096 - 8;
    REFUSED(IMAGE_DAMAGED, "first page");
    sample.header.program_offset = 65;
    REFUSED(IMAGE_DAMAGED, "misaligned");
}

TEST(segment_bounds)
{
    set_up();
    sample.program[SAMPLE_DATA].file_size = 0x2801;
    REFUSED(IMAGE_DAMAGED, "larger in the file");
    sample.program[SAMPLE_DATA].file_size = 0x101;
    REFUSED(IMAGE_DAMAGED, "past the end");
    sample.program[SAMPLE_TEXT].offset = UINT64_MAX - 0xfff;
    REFUSED(IMAGE_DAMAGED, "past the end");
    sample.program[SAMPLE_DATA].address = UINT64_MAX - 0xfff;
    REFUSED(IMAGE_TOO_LARGE, "largest image");
    sample.program[SAMPLE_DATA].memory_size = UINT64_MAX;
    REFUSED(IMAGE_TOO_LARGE, "largest image");
    sample.program[SAMPLE_DATA].memory_size = IMAGE_SIZE_MAXIMUM - 0x2fff;
    REFUSED(IMAGE_TOO_LARGE, "largest image");
    sample.program[SAMPLE_DATA].memory_size = IMAGE_SIZE_MAXIMUM - 0x3000;
    CHECK_EQ(verdict(), IMAGE_GOOD);
}

TEST(segment_alignment)
{
    set_up();
    sample.program[SAMPLE_DATA].address = 0x3010;
    REFUSED(IMAGE_DAMAGED, "misaligned");
    sample.program[SAMPLE_DATA].alignment = 4095;
    REFUSED(IMAGE_DAMAGED, "power of two");
    sample.program[SAMPLE_DATA].alignment = 0x40'0000;
    REFUSED(IMAGE_UNSUPPORTED, "2 MiB");
    sample.program[SAMPLE_DATA].alignment = 0x2000;
    sample.program[SAMPLE_DATA].address = 0x4000;
    REFUSED(IMAGE_DAMAGED, "as it says");
    sample.program[SAMPLE_DATA].alignment = 0;
    CHECK_EQ(verdict(), IMAGE_GOOD);
}

TEST(segment_rights)
{
    set_up();
    sample.program[SAMPLE_DATA].flags |= ELF_EXECUTE;
    REFUSED(IMAGE_UNSUPPORTED, "writable and executable");
    sample.program[SAMPLE_READ_ONLY].flags = 0;
    REFUSED(IMAGE_UNSUPPORTED, "not readable");
    sample.program[SAMPLE_READ_ONLY].flags |= 0x100;
    REFUSED(IMAGE_UNSUPPORTED, "unknown flags");
    sample.program[SAMPLE_TEXT].memory_size++;
    REFUSED(IMAGE_UNSUPPORTED, "not wholly in the file");
    sample.program[SAMPLE_STACK].flags |= ELF_EXECUTE;
    REFUSED(IMAGE_UNSUPPORTED, "executable stack");
}

TEST(segment_order)
{
    set_up();
    sample.program[SAMPLE_TEXT].address = 0;
    REFUSED(IMAGE_DAMAGED, "overlap");
    sample.program[SAMPLE_DATA].address = 0x2000;
    REFUSED(IMAGE_DAMAGED, "overlap");
    struct elf_program first = sample.program[0];
    sample.program[0] = sample.program[1];
    sample.program[1] = first;
    REFUSED(IMAGE_DAMAGED, "not in order");
}

TEST(segment_kinds)
{
    set_up();
    sample.program[SAMPLE_STACK].type = ELF_SEGMENT_INTERPRETER;
    REFUSED(IMAGE_UNSUPPORTED, "dynamic linker");
    sample.program[SAMPLE_STACK].type = ELF_SEGMENT_TLS;
    REFUSED(IMAGE_UNSUPPORTED, "thread-local");
    sample.program[SAMPLE_DYNAMIC].type = 4;
    REFUSED(IMAGE_UNSUPPORTED, "dynamic section");
    sample.header.program_count = 0;
    sample.header.program_count = 1;
    sample.program[0].memory_size = sample.program[0].file_size = 0;
    REFUSED(IMAGE_DAMAGED, "no segments");
}

TEST(entry)
{
    set_up();
    sample.header.entry = 0x500;
    REFUSED(IMAGE_DAMAGED, "entry");
    sample.header.entry = 0x3010;
    REFUSED(IMAGE_DAMAGED, "entry");
    sample.header.entry = 0x2234;
    REFUSED(IMAGE_DAMAGED, "entry");
    sample.header.entry = UINT64_MAX;
    REFUSED(IMAGE_DAMAGED, "entry");
    sample.header.entry = 0x2233;
    CHECK_EQ(verdict(), IMAGE_GOOD);
}

TEST(too_many_segments)
{
    set_up();
    struct elf_program *programs = (struct elf_program *)((char *)&sample + sizeof sample.header);
    for (unsigned i = 0; i < IMAGE_SEGMENTS_MAXIMUM + 1; i++) {
        programs[i] = sample_load(ELF_READ, 0, 0x1000, 0x1000);
        programs[i].address = i * 0x1000ull;
    }
    sample.header.program_count = IMAGE_SEGMENTS_MAXIMUM + 1;
    REFUSED(IMAGE_TOO_LARGE, "too many segments");
}
