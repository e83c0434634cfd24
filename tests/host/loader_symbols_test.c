// sources: servers/loader/symbols.c servers/loader/record.c
//
// The loader's backtraces: names out of this program's own file and out of damaged ones, and the
// table of programs that run.

#include "record.h"
#include "symbols.h"
#include "test.h"

#include <abi/elf.h>

#include <stdlib.h>

struct bytes {
    const void *data;
    size_t size;
    unsigned reads, reads_allowed; // then it fails; 0: it does not
};

static bool bytes_read(void *context, uint64_t offset, void *to, size_t size)
{
    struct bytes *bytes = context;
    if (bytes->reads_allowed && bytes->reads++ >= bytes->reads_allowed)
        return false;
    if (offset > bytes->size || size > bytes->size - offset)
        return false;
    memcpy(to, (const char *)bytes->data + offset, size);
    return true;
}

static void find(struct bytes *bytes, struct symbol_place *places, unsigned count)
{
    symbols_find(&(struct symbol_file){bytes_read, bytes}, places, count);
}

// --- this program --------------------------------------------------------------------------------

extern const char __ehdr_start[];

[[gnu::noinline]] static int looked_for(int x)
{
    __asm__ volatile("" : "+r"(x));
    return x;
}

TEST(finds_functions_of_this_program)
{
    static char data[64 << 20];
    FILE *file = fopen("/proc/self/exe", "rb");
    CHECK(file != nullptr);
    struct bytes bytes = {.data = data, .size = fread(data, 1, sizeof data, file)};
    fclose(file);
    CHECK_EQ(looked_for(3), 3);
    uint64_t first = (uintptr_t)looked_for - (uintptr_t)__ehdr_start;
    uint64_t second = (uintptr_t)find - (uintptr_t)__ehdr_start;
    struct symbol_place places[] = {{.address = first + 2}, {.address = second},
                                    {.address = first}, {.address = UINT64_MAX}};
    find(&bytes, places, 4);
    CHECK_STRING(places[0].name, "looked_for");
    CHECK_EQ(places[0].inside, 2);
    CHECK_STRING(places[1].name, "find");
    CHECK_EQ(places[1].inside, 0);
    CHECK_STRING(places[2].name, "looked_for");
    CHECK_STRING(places[3].name, "");
}

// --- a small file --------------------------------------------------------------------------------

// Two functions: "go", 16 bytes at 0x1000, and "begin", without a size, at 0x2000.
struct small {
    struct elf_header header;
    struct elf_section section[3];
    struct elf_symbol symbol[3];
    char strings[128];
};

static struct small small_make(void)
{
    return (struct small){
        .header = {.magic = {0x7f, 'E', 'L', 'F'},
                   .class = ELF_CLASS_64,
                   .data = ELF_DATA_LITTLE,
                   .section_offset = offsetof(struct small, section),
                   .section_size = sizeof(struct elf_section),
                   .section_count = 3},
        .section[1] = {.type = ELF_SECTION_SYMBOLS,
                       .link = 2,
                       .offset = offsetof(struct small, symbol),
                       .size = 3 * sizeof(struct elf_symbol),
                       .entry_size = sizeof(struct elf_symbol)},
        .section[2] = {.type = ELF_SECTION_STRINGS,
                       .offset = offsetof(struct small, strings),
                       .size = 128},
        .symbol[1] = {.name = 1, .info = 0x12, .section = 1, .value = 0x1000, .size = 16},
        .symbol[2] = {.name = 4, .info = 0x12, .section = 1, .value = 0x2000},
        .strings = "\0go\0begin",
    };
}

// The name found in a copy of exactly this size, so that the sanitizer sees a read past it.
static const char *name_at(const struct small *file, size_t size, uint64_t address)
{
    static struct symbol_place place;
    char *copy = malloc(size);
    memcpy(copy, file, size);
    struct bytes bytes = {.data = copy, .size = size};
    place = (struct symbol_place){.address = address, .name = "old"};
    find(&bytes, &place, 1);
    free(copy);
    return place.name;
}

TEST(a_small_file)
{
    struct small file = small_make();
    CHECK_STRING(name_at(&file, sizeof file, 0x1000), "go");
    CHECK_STRING(name_at(&file, sizeof file, 0x100f), "go");
    CHECK_STRING(name_at(&file, sizeof file, 0x1010), "");
    CHECK_STRING(name_at(&file, sizeof file, 0xfff), "");
    CHECK_STRING(name_at(&file, sizeof file, 0x2000), "begin");
    CHECK_STRING(name_at(&file, sizeof file, 0x2001), "");
}

TEST(a_file_cut_anywhere)
{
    struct small file = small_make();
    size_t enough = offsetof(struct small, strings) + 4;
    for (size_t size = 1; size < offsetof(struct small, symbol) + 48; size++)
        CHECK_STRING(name_at(&file, size, 0x1008), "");
    CHECK_STRING(name_at(&file, enough, 0x1008), "go");
}

TEST(a_stripped_file)
{
    struct small file = small_make();
    file.section[1].type = 0;
    CHECK_STRING(name_at(&file, sizeof file, 0x1008), "");
    file = small_make();
    file.header.section_count = 0;
    file.header.section_offset = 0;
    CHECK_STRING(name_at(&file, sizeof file, 0x1008), "");
}

TEST(damaged_fields)
{
    struct small file;
#define DAMAGED(field, value)                                                                      \
    file = small_make();                                                                           \
    file.field = value;                                                                            \
    CHECK_STRING(name_at(&file, sizeof file, 0x1008), "")
    DAMAGED(header.magic[1], 'e');
    DAMAGED(header.class, 1);
    DAMAGED(header.section_offset, UINT64_MAX - 10);
    DAMAGED(header.section_size, 40);
    DAMAGED(section[1].link, 700);
    DAMAGED(section[1].link, UINT32_MAX);
    DAMAGED(section[1].link, 1);
    DAMAGED(section[1].offset, UINT64_MAX - 4);
    DAMAGED(section[1].entry_size, 0);
    DAMAGED(section[2].offset, UINT64_MAX);
    DAMAGED(symbol[1].name, UINT32_MAX);
    DAMAGED(symbol[1].name, 128);
    DAMAGED(symbol[1].value, UINT64_MAX);
    DAMAGED(symbol[1].info, 0x11);
    DAMAGED(symbol[1].section, 0);
#undef DAMAGED
}

TEST(names_that_a_log_cannot_show)
{
    struct small file = small_make();
    memcpy(file.strings + 1, "a\nb\033[c\xff", 8);
    CHECK_STRING(name_at(&file, sizeof file, 0x1008), "a?b?[c?");
    memset(file.strings + 1, 'x', sizeof file.strings - 1); // no end, and too long
    CHECK_EQ(strlen(name_at(&file, sizeof file, 0x1008)), SYMBOL_NAME_MAXIMUM);
}

TEST(a_table_without_end_is_given_up)
{
    struct small file = small_make();
    file.section[1].offset = 0; // reads what is there, then fails
    file.section[1].size = UINT64_MAX;
    CHECK_STRING(name_at(&file, sizeof file, 1ull << 60), "");
}

TEST(every_failing_read_is_survived)
{
    struct small file = small_make();
    for (unsigned reads = 1; reads < 20; reads++) {
        struct symbol_place place = {.address = 0x1008};
        struct bytes bytes = {.data = &file, .size = sizeof file, .reads_allowed = reads};
        find(&bytes, &place, 1);
        CHECK(strlen(place.name) <= 2);
    }
}

TEST(every_damaged_bit_is_survived)
{
    for (size_t i = 0; i < sizeof(struct small); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct small file = small_make();
            ((uint8_t *)&file)[i] ^= (uint8_t)(1 << bit);
            CHECK(strlen(name_at(&file, sizeof file, 0x1008)) <= SYMBOL_NAME_MAXIMUM);
        }
    }
}

// --- records -------------------------------------------------------------------------------------

TEST(a_record_is_taken_once)
{
    struct record record;
    CHECK(record_add(7, 0x1000, 0x2000, "/bin/seven"));
    CHECK(!record_take(8, &record));
    CHECK(record_take(7, &record));
    CHECK_EQ(record.process, 7);
    CHECK_EQ(record.image, 0x1000);
    CHECK_EQ(record.image_size, 0x2000);
    CHECK_STRING(record.path, "/bin/seven");
    CHECK(!record_take(7, &record));
    CHECK(!record_take(0, &record)); // no process, and what free records hold
}

TEST(records_are_bounded_and_used_again)
{
    struct record record;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 1; i <= RECORDS_MAXIMUM; i++)
            CHECK(record_add(i, i, i, "/x"));
        CHECK(!record_add(RECORDS_MAXIMUM + 1, 1, 1, "/x"));
        for (unsigned i = RECORDS_MAXIMUM; i >= 1; i--)
            CHECK(record_take(i, &record) && record.image == i);
    }
}

TEST(a_long_path_is_not_kept)
{
    char path[RECORD_PATH_MAXIMUM + 2];
    struct record record;
    memset(path, 'p', sizeof path);
    path[RECORD_PATH_MAXIMUM + 1] = 0;
    CHECK(record_add(1, 1, 1, path) && record_take(1, &record));
    CHECK_STRING(record.path, "");
    path[RECORD_PATH_MAXIMUM] = 0;
    CHECK(record_add(1, 1, 1, path) && record_take(1, &record));
    CHECK_STRING(record.path, path);
}
