// Reading an ELF file's headers: what a program for Baton may look like, checked in full before
// anything is done with it.
//
// A program is a static-PIE for x86-64: ELF64, type DYN, no interpreter, no thread-local storage;
// its LOAD segments lie in ascending order, on pages of their own in memory, at the same offset
// within a page as in the file; none is writable and executable; the entry is in an executable
// one. Nothing in the file is believed.
#pragma once

#include <stddef.h>
#include <stdint.h>

static constexpr unsigned IMAGE_SEGMENTS_MAXIMUM = 16;
static constexpr unsigned IMAGE_HEADERS_MAXIMUM = 32;    // program headers, within the first page
static constexpr uint64_t IMAGE_SIZE_MAXIMUM = 1ull << 30; // bytes of address space

// A segment in pages: what lies before and behind it on its pages is zero or the file's own.
struct image_segment {
    uint64_t file_page;    // first page in the file
    uint64_t page;         // first page in the image
    uint64_t file_pages;   // that come from the file
    uint64_t pages;        // in all; those behind file_pages are zero
    uint32_t tail;         // bytes of the last of file_pages that are the file's; 0: all of them
    bool writable, executable;
};

struct image {
    uint64_t entry; // counted from the image's base
    uint64_t pages; // of address space, from the base on
    unsigned segment_count;
    struct image_segment segment[IMAGE_SEGMENTS_MAXIMUM];
};

enum image_verdict : uint8_t {
    IMAGE_GOOD,
    IMAGE_NOT_ELF,     // it is no executable at all
    IMAGE_UNSUPPORTED, // an executable for something else
    IMAGE_DAMAGED,     // it contradicts itself or the file's size
    IMAGE_TOO_LARGE,
};

// Reads the headers in the first `header_size` bytes (a page, or the whole file if it is smaller)
// of a file of `file_size` bytes. Unless IMAGE_GOOD, `*reason` says what is wrong: a text that ends
// a sentence.
enum image_verdict image_read(const void *header, size_t header_size, uint64_t file_size,
                              struct image *image, const char **reason);
