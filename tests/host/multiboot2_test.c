// The boot loader's tags: sound ones, odd ones, and damaged ones.
// sources: kernel/hal/x86_64/multiboot2.c kernel/hal/x86_64/regions.c
// sources: kernel/debug/format.c kernel/debug/screen_tag.c
#include "test.h"

#include <debug/screen.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/multiboot2.h>
#include <hal/x86_64/regions.h>

#include <stdlib.h>

static constexpr uint64_t MIB = 1 << 20;

// Tags under construction.
static alignas(8) uint8_t tags[64 * 1024];
static uint32_t used;
static struct boot_info info;
static char problem[256];
static struct screen screen;

static void begin(void) {
    memset(tags, 0, sizeof tags);
    used = 8;
}

static void add(uint32_t type, const void *body, uint32_t size) {
    memcpy(tags + used, &type, 4);
    memcpy(tags + used + 4, &(uint32_t){size + 8}, 4);
    if (size > 0)
        memcpy(tags + used + 8, body, size);
    used += (size + 8 + 7) & ~7u;
}

static void add_module(uint32_t start, uint32_t end, const char *line, size_t line_size) {
    uint8_t body[512];
    memcpy(body, &start, 4);
    memcpy(body + 4, &end, 4);
    memcpy(body + 8, line, line_size);
    add(3, body, (uint32_t)(8 + line_size));
}

struct range {
    uint64_t start, size;
    uint32_t type;
};

static void add_map(const struct range *ranges, unsigned count) {
    static uint8_t body[32 * 1024];
    memcpy(body, (uint32_t[]){24, 0}, 8);
    for (unsigned i = 0; i < count; i++) {
        memcpy(body + 8 + i * 24, &ranges[i].start, 8);
        memcpy(body + 16 + i * 24, &ranges[i].size, 8);
        memcpy(body + 24 + i * 24, (uint32_t[]){ranges[i].type, 0}, 8);
    }
    add(6, body, 8 + count * 24);
}

static void add_usual_map(void) {
    add_map((struct range[]){{0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, {MIB, 127 * MIB, 1}}, 3);
}

// Parses a copy of exactly the tags' size, so that a read past the end is caught.
static bool parse(void) {
    add(0, nullptr, 0);
    memcpy(tags, &used, 4);
    void *copy = malloc(used);
    memcpy(copy, tags, used);
    bool good = multiboot2_parse(copy, used, &info, problem, sizeof problem);
    free(copy);
    return good;
}

static void check_regions(void) {
    for (unsigned i = 0; i < info.regions; i++) {
        const struct boot_region *region = &info.region[i];
        CHECK(region->size > 0 && (region->start | region->size) % 4096 == 0);
        CHECK(region->start + region->size <= REGIONS_LIMIT);
        if (i > 0) {
            uint64_t end = region[-1].start + region[-1].size;
            CHECK(end <= region->start);
            CHECK(end < region->start || region[-1].kind != region->kind);
        }
    }
}

static void check_region(unsigned index, uint64_t start, uint64_t end, enum boot_region_kind kind) {
    CHECK(index < info.regions);
    CHECK_EQ(info.region[index].start, start);
    CHECK_EQ(info.region[index].start + info.region[index].size, end);
    CHECK_EQ(info.region[index].kind, kind);
}

TEST(a_usual_machine) {
    begin();
    add(1, "log=debug quiet", 16);
    add(2, "GRUB 2.06", 10);
    add_module(0x200000, 0x201234, "memory limit=rest", 18);
    add_usual_map();
    CHECK(parse());
    CHECK_STRING(problem, "");
    CHECK_STRING(info.options, "log=debug quiet");
    CHECK_STRING(info.loader, "GRUB 2.06");
    CHECK_EQ(info.modules, 1);
    CHECK_EQ(info.module[0].start, 0x200000);
    CHECK_EQ(info.module[0].size, 0x1234);
    CHECK_STRING(info.module[0].line, "memory limit=rest");
    check_regions();
    CHECK_EQ(info.regions, 4);
    check_region(0, 0, 0x1000, BOOT_RESERVED);
    check_region(1, 0x1000, 0x9f000, BOOT_FREE);
    check_region(2, 0x9f000, 0xa0000, BOOT_RESERVED);
    check_region(3, MIB, 128 * MIB, BOOT_FREE);
}

TEST(the_kernels_path_is_left_out) {
    begin();
    add(1, "/boot/baton  quiet", 19);
    add_usual_map();
    CHECK(parse());
    CHECK_STRING(info.options, "quiet");
}

TEST(overlaps_and_disorder) {
    begin();
    add_map((struct range[]){{8 * MIB, 8 * MIB, 1},
                             {10 * MIB, MIB + 1, 2},
                             {MIB, 12 * MIB, 1},
                             {15 * MIB, 1000, 3},
                             {12 * MIB, 0, 2}},
            5);
    CHECK(parse());
    check_regions();
    check_region(1, MIB, 10 * MIB, BOOT_FREE);
    check_region(2, 10 * MIB, 11 * MIB + 0x1000, BOOT_RESERVED);
    check_region(3, 11 * MIB + 0x1000, 15 * MIB, BOOT_FREE);
    check_region(4, 15 * MIB, 15 * MIB + 0x1000, BOOT_TABLES);
    check_region(5, 15 * MIB + 0x1000, 16 * MIB, BOOT_FREE);
    CHECK_EQ(info.regions, 6);
}

TEST(ranges_that_wrap_or_lie_too_high) {
    begin();
    add_map((struct range[]){{MIB, MIB, 1},
                             {UINT64_MAX - 0xfff, 0x2000, 1},
                             {4 * MIB, UINT64_MAX - MIB, 1},
                             {3 * MIB, UINT64_MAX, 2},
                             {REGIONS_LIMIT + 5, 0x2000, 1},
                             {REGIONS_LIMIT - 0x1000, 0x2000, 1}},
            6);
    CHECK(parse());
    CHECK(strstr(problem, "wraps") != nullptr);
    check_regions();
    check_region(1, MIB, 2 * MIB, BOOT_FREE);
    check_region(2, 3 * MIB, REGIONS_LIMIT, BOOT_RESERVED);
    CHECK_EQ(info.regions, 3);
}

TEST(more_regions_than_fit) {
    static struct range ranges[1000];
    begin();
    for (unsigned i = 0; i < 1000; i++)
        ranges[i] = (struct range){MIB + i * 0x10000, 0x8000, 1 + i % 3};
    add_map(ranges, 1000);
    CHECK(parse());
    check_regions();
    CHECK(strstr(problem, "too many") != nullptr);

    // Reserved memory inside free memory must stay out of it although the list is full.
    begin();
    ranges[0] = (struct range){MIB, 512 * MIB, 1};
    for (unsigned i = 1; i < 1000; i++)
        ranges[i] = (struct range){MIB + i * 0x10000, 0x1000, 2};
    add_map(ranges, 1000);
    CHECK(parse());
    check_regions();
    for (unsigned i = 1; i < 1000; i++) {
        const struct boot_region *region = region_find(&info, ranges[i].start);
        CHECK(region == nullptr || region->kind != BOOT_FREE);
    }
}

TEST(modules) {
    char line[300];
    memset(line, 'x', sizeof line);
    begin();
    add_usual_map();
    add_module(0x300000, 0x301000, line, sizeof line); // not ended, too long
    add_module(0x400000, 0x400000, "empty", 6);
    add_module(0x500000, 0x4ff000, "backwards", 10);
    add_module(0x600800, 0x601000, "askew", 6);
    add_module(0x700000, 0x701000, "con\ntrol\x7f", 10);
    add(3, "1234", 4);
    CHECK(parse());
    CHECK_EQ(info.modules, 2);
    CHECK_EQ(strlen(info.module[0].line), BOOT_LINE - 1);
    CHECK_STRING(info.module[1].line, "con?trol?");
    CHECK(strstr(problem, "longer than") != nullptr && strstr(problem, "boundary") != nullptr);
}

TEST(too_many_modules) {
    begin();
    add_usual_map();
    for (uint32_t i = 0; i < BOOT_MODULES + 3; i++)
        add_module(0x200000 + i * 0x1000, 0x201000 + i * 0x1000, "m", 2);
    CHECK(parse());
    CHECK_EQ(info.modules, BOOT_MODULES);
    CHECK(strstr(problem, "left out") != nullptr);
}

TEST(acpi_prefers_the_new_table) {
    uint8_t old[20] = "RSD PTR old", new[40] = "RSD PTR new, longer than needs to be";
    for (unsigned order = 0; order < 3; order++) {
        begin();
        add_usual_map();
        if (order > 0)
            add(15, new, sizeof new);
        if (order < 2)
            add(14, old, sizeof old);
        if (order == 0)
            add(15, new, sizeof new);
        CHECK(parse());
        CHECK(memcmp(info.rsdp, new, sizeof info.rsdp) == 0);
    }
}

TEST(acpi_pointers_that_are_short) {
    uint8_t old[20] = "RSD PTR old", rest[sizeof info.rsdp - sizeof old] = {};
    begin();
    add_usual_map();
    add(14, old, sizeof old);
    CHECK(parse());
    CHECK(memcmp(info.rsdp, old, sizeof old) == 0);
    CHECK(memcmp(info.rsdp + sizeof old, rest, sizeof rest) == 0);
    begin();
    add_usual_map();
    add(15, old, 12);
    CHECK(parse());
    CHECK_EQ(info.rsdp[0], 0);
    CHECK(problem[0] != 0);
}

static void add_screen(uint64_t address, uint32_t pitch, uint32_t width, uint32_t height,
                       uint8_t depth, uint8_t type) {
    uint8_t body[30] = {};
    memcpy(body, &address, 8);
    memcpy(body + 8, (uint32_t[]){pitch, width, height}, 12);
    memcpy(body + 20, (uint8_t[]){depth, type, 0, 0, 16, 8, 8, 8, 0, 8}, 10);
    add(8, body, type == 1 ? 30 : 24);
}

// True if the screen that the tags tell of can be used.
static bool screen_is_told(void) {
    CHECK(parse());
    CHECK(info.screen != 0);
    return screen_take(tags + info.screen, &screen);
}

TEST(screens) {
    begin();
    add_usual_map();
    CHECK(parse());
    CHECK_EQ(info.screen, 0);

    begin();
    add_usual_map();
    add_screen(0xfd000000, 4096, 1024, 768, 32, 1);
    CHECK(screen_is_told());
    CHECK_EQ(screen.address, 0xfd000000);
    CHECK_EQ(screen.width, 1024);
    CHECK_EQ(screen.height, 768);
    CHECK_EQ(screen.pitch, 4096);
    CHECK_EQ(screen.bits_per_pixel, 32);
    CHECK(!screen.text);

    begin();
    add_usual_map();
    add_screen(0xb8000, 160, 80, 25, 16, 2);
    CHECK(screen_is_told());
    CHECK(screen.text);

    static const uint32_t bad[][5] = {{4095, 1024, 768, 32, 1}, {4096, 0, 768, 32, 1},
                                      {4096, 1024, 70000, 32, 1}, {4096, 1024, 768, 8, 0},
                                      {4096, 1024, 768, 31, 1}, {~0u, 1024, 768, 32, 1},
                                      {160, 300, 25, 16, 2}, {160, 80, 25, 16, 7}};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin();
        add_usual_map();
        add_screen(0xb8000, bad[i][0], bad[i][1], bad[i][2], (uint8_t)bad[i][3],
                   (uint8_t)bad[i][4]);
        CHECK(!screen_is_told());
    }
}

TEST(without_a_map_the_two_sizes_serve) {
    begin();
    add(4, (uint32_t[]){639, 15 * 1024}, 8);
    CHECK(parse());
    check_regions();
    check_region(1, 0x1000, 0x9f000, BOOT_FREE);
    check_region(2, MIB, 16 * MIB, BOOT_FREE);
}

TEST(no_memory_at_all) {
    begin();
    CHECK(!parse());
    CHECK(strstr(problem, "no usable memory") != nullptr);
    begin();
    add_map((struct range[]){{0, 0x1000, 1}, {MIB, 0xfff, 1}}, 2);
    CHECK(!parse());
}

TEST(heads_that_lie) {
    CHECK(!multiboot2_parse(tags + 4, 100, &info, problem, sizeof problem));
    CHECK(!multiboot2_parse(tags, 7, &info, problem, sizeof problem));
    memcpy(tags, &(uint32_t){7}, 4);
    CHECK(!multiboot2_parse(tags, sizeof tags, &info, problem, sizeof problem));
    memcpy(tags, &(uint32_t){UINT32_MAX}, 4);
    CHECK(!multiboot2_parse(tags, sizeof tags, &info, problem, sizeof problem));
}

TEST(every_length_of_tags_is_survived) {
    begin();
    add(1, "quiet", 6);
    add_usual_map();
    add_module(0x200000, 0x201000, "m", 2);
    add_screen(0xb8000, 160, 80, 25, 16, 2);
    add(0, nullptr, 0);
    for (uint32_t size = 8; size <= used; size++) {
        memcpy(tags, &size, 4);
        void *copy = malloc(size);
        memcpy(copy, tags, size);
        (void)!multiboot2_parse(copy, size, &info, problem, sizeof problem);
        check_regions();
        if (info.screen != 0)
            (void)screen_take((uint8_t *)copy + info.screen, &screen);
        free(copy);
    }
}

TEST(a_tag_size_that_wraps) {
    for (uint32_t size = UINT32_MAX; size > UINT32_MAX - 16; size--) {
        begin();
        add_usual_map();
        add(1, "x", 2);
        memcpy(tags + used - 12, &size, 4);
        CHECK(parse());
        CHECK(strstr(problem, "claims") != nullptr);
    }
}

TEST(carving) {
    begin();
    add_usual_map();
    add_module(0x200000, 0x201800, "good", 5);
    add_module(0x201000, 0x203000, "overlaps the first", 19);
    add_module(0x100000, 0x101000, "in the kernel", 14);
    add_module(0x7fff000, 0x8001000, "past the end", 13);
    add_module(0xf0000000, 0xf0001000, "no memory there", 16);
    CHECK(parse());
    boot_carve(&info, MIB, 0x20000, problem, sizeof problem);
    check_regions();
    CHECK_EQ(info.modules, 1);
    CHECK_STRING(info.module[0].line, "good");
    CHECK(strstr(problem, "not in free memory") != nullptr);
    check_region(2, TRAMPOLINE_ADDRESS, TRAMPOLINE_ADDRESS + 0x1000, BOOT_KERNEL);
    check_region(5, MIB, MIB + 0x20000, BOOT_KERNEL);
    check_region(7, 0x200000, 0x202000, BOOT_MODULE);
}

TEST(taking_memory) {
    begin();
    add_map((struct range[]){{MIB, 16 * MIB, 1}, {5ull << 30, 64 * MIB, 1}}, 2);
    CHECK(parse());
    CHECK_EQ(region_take(&info, 0x3000, 4ull << 30), 17 * MIB - 0x3000);
    CHECK_EQ(region_take(&info, 0x1000, 4ull << 30), 17 * MIB - 0x4000);
    CHECK_EQ(region_take(&info, 0x1000, REGIONS_LIMIT), (5ull << 30) + 64 * MIB - 0x1000);
    CHECK_EQ(region_take(&info, 32 * MIB, 4ull << 30), 0);
    CHECK_EQ(region_take(&info, 0x2000, 2 * MIB), 2 * MIB - 0x2000);
    check_regions();
    CHECK_EQ(info.regions, 7);
    CHECK_EQ(region_take(&info, 5 * MIB, 4ull << 30), 10 * MIB);
    check_regions();
    CHECK_EQ(info.regions, 9);
}
