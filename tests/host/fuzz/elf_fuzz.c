// sources: servers/loader/elf.c
//
// Any bytes: the ELF reader says good or why not, and what it calls good keeps its promises.

#include "../elf_sample.h"
#include "elf.h"

#include <abi/types.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void segment_check(const struct image *image, unsigned index, uint64_t file_size)
{
    const struct image_segment *segment = &image->segment[index];
    demand(segment->pages > 0 && segment->file_pages <= segment->pages);
    demand(!segment->writable || !segment->executable);
    demand(segment->tail < PAGE_SIZE);
    demand(segment->page + segment->pages <= image->pages);
    demand(segment->file_pages == 0 ||
           (segment->file_page + segment->file_pages - 1) * PAGE_SIZE < file_size);
    demand(segment->writable || segment->file_pages == segment->pages);
    if (index > 0) {
        const struct image_segment *before = segment - 1;
        demand(before->page + before->pages <= segment->page);
    }
}

static void image_check(const void *header, size_t size, uint64_t file_size)
{
    struct image image;
    const char *reason;
    if (image_read(header, size, file_size, &image, &reason) != IMAGE_GOOD) {
        demand(reason != nullptr);
        return;
    }
    demand(image.segment_count > 0 && image.segment_count <= IMAGE_SEGMENTS_MAXIMUM);
    demand(image.pages <= IMAGE_SIZE_MAXIMUM / PAGE_SIZE);
    demand(image.entry / PAGE_SIZE < image.pages);
    for (unsigned i = 0; i < image.segment_count; i++)
        segment_check(&image, i, file_size);
}

// The input as a file; and as changes to a good one: pairs of a place (two bytes) and a value.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    image_check(data, size < PAGE_SIZE ? size : PAGE_SIZE, size);
    struct sample sample = sample_make();
    for (size_t i = 0; i + 3 <= size && i < 60; i += 3) {
        unsigned place = (data[i] | data[i + 1] << 8) % 512;
        ((uint8_t *)&sample)[place] = data[i + 2];
    }
    image_check(&sample, sizeof sample, SAMPLE_SIZE);
    return 0;
}
