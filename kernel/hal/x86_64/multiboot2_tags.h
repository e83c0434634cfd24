// The tags as the boot loader lays them out (Multiboot2 specification 2.0, section 3.6). All
// numbers are little-endian; each tag begins at a multiple of 8 bytes.
#pragma once

#include <stdint.h>

// Tag types, section 3.6.
enum tag_type : uint32_t {
    TAG_END = 0,
    TAG_OPTIONS = 1,
    TAG_LOADER = 2,
    TAG_MODULE = 3,
    TAG_MEMORY = 4,
    TAG_MAP = 6,
    TAG_SCREEN = 8,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
};

struct tags_head {
    uint32_t size, reserved;
};

struct tag {
    uint32_t type, size; // size: with this head, without the padding to 8 bytes
};

struct tag_module {
    struct tag tag;
    uint32_t start, end;
    char line[];
};

struct tag_memory {
    struct tag tag;
    uint32_t lower_kib, upper_kib; // from 0, and from 1 MiB
};

struct tag_map {
    struct tag tag;
    uint32_t entry_size, entry_version;
};

struct map_entry {
    uint64_t start, size;
    uint32_t type, reserved;
};
static_assert(sizeof(struct map_entry) == 24);

enum map_type : uint32_t { MAP_RAM = 1, MAP_ACPI = 3, MAP_ACPI_NVS = 4 };
