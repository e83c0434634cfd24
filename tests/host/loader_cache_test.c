// sources: servers/loader/elf.c
//
// What the loader keeps of programs: servers/loader/cache.c itself, with addresses that are
// counted.

#include <baton/parcel.h>
#include <baton/system.h>

static uaddr_t slots_taken(unsigned pages);
static void slots_given_back(uaddr_t address, unsigned pages);
static status_t memory_freed(parcel_t slots);
#define slots_allocate     slots_taken
#define slots_free         slots_given_back
#define system_memory_free memory_freed
#include "../../servers/loader/cache.c"

#include "test.h"

#include <stdio.h>

static unsigned slots_live, frees;
static bool no_slots;

static uaddr_t slots_taken(unsigned pages)
{
    static uaddr_t next = 0x10000000;
    if (no_slots)
        return 0;
    slots_live += pages;
    return next += 1 << 21;
}

static void slots_given_back(uaddr_t, unsigned pages)
{
    slots_live -= pages;
}

static status_t memory_freed(parcel_t slots)
{
    frees++;
    return parcel_count(slots) != 0 ? OK : ERR_BAD_ARGUMENT;
}

static const struct image small = {
    .entry = 0x1000,
    .pages = 9,
    .segment_count = 2,
    .segment = {{.file_pages = 1, .pages = 1}, {.file_pages = 2, .pages = 8, .writable = true}},
};

static struct executable file(const char *path, uint64_t inode)
{
    return (struct executable){.path = path, .size = 9000, .inode = inode, .generation = 7};
}

static const char *numbered(unsigned number)
{
    static char path[16];
    snprintf(path, sizeof path, "/bin/%u", number);
    return path;
}

static void begin(void)
{
    (void)cache_clear();
    CHECK_EQ(slots_live, 0);
    frees = 0;
    no_slots = false;
}

static bool is_kept(const char *path, uint64_t inode)
{
    struct executable wanted = file(path, inode);
    return cache_find(&wanted) != nullptr;
}

TEST(what_is_added_is_found)
{
    begin();
    struct executable program = file("/bin/ls", 12);
    CHECK(cache_find(&program) == nullptr);
    const struct cached *added = cache_add(&program, &small);
    CHECK(added != nullptr && cache_find(&program) == added);
    CHECK_EQ(added->count, 3);
    CHECK_EQ(slots_live, 3);
    CHECK_EQ(added->image.entry, small.entry);
    CHECK(!is_kept("/bin/l", 12));
}

TEST(another_file_of_that_path_ends_it)
{
    for (unsigned change = 0; change < 3; change++) {
        begin();
        struct executable program = file("/bin/ls", 12);
        CHECK(cache_add(&program, &small) != nullptr);
        struct executable changed = program;
        changed.inode += change == 0;
        changed.size += change == 1;
        changed.generation += change == 2;
        CHECK(cache_find(&changed) == nullptr);
        CHECK_EQ(slots_live, 0);
        CHECK_EQ(frees, 1);
        CHECK(cache_find(&program) == nullptr); // and what it was before is not back
    }
}

TEST(the_one_not_used_for_longest_makes_room)
{
    begin();
    for (unsigned i = 0; i < CACHE_PROGRAMS; i++) {
        struct executable program = file(numbered(i), i + 1);
        CHECK(cache_add(&program, &small) != nullptr);
    }
    CHECK(is_kept(numbered(0), 1));
    struct executable more = file("/bin/more", 99);
    CHECK(cache_add(&more, &small) != nullptr);
    CHECK_EQ(slots_live, 3 * CACHE_PROGRAMS);
    CHECK(is_kept(numbered(0), 1));
    CHECK(!is_kept(numbered(1), 2));
    CHECK(is_kept(numbered(2), 3));
}

TEST(what_does_not_fit_is_not_kept)
{
    begin();
    struct image image = small;
    struct executable program = file("/bin/ls", 12);
    image.segment[0].file_pages = CACHE_PAGES - 2;
    CHECK(cache_add(&program, &image) != nullptr);
    begin();
    image.segment[0].file_pages++;
    CHECK(cache_add(&program, &image) == nullptr);
    image.segment[0].file_pages = 1ull << 32;
    CHECK(cache_add(&program, &image) == nullptr);
    image.segment_count = 0;
    CHECK(cache_add(&program, &image) == nullptr);
    char path[CACHE_PATH_MAXIMUM + 2];
    memset(path, 'p', sizeof path);
    path[CACHE_PATH_MAXIMUM + 1] = 0;
    program.path = path;
    CHECK(cache_add(&program, &small) == nullptr);
    CHECK_EQ(slots_live, 0);
    path[CACHE_PATH_MAXIMUM] = 0;
    CHECK(cache_add(&program, &small) != nullptr);
}

TEST(without_addresses_the_others_stay)
{
    begin();
    struct executable program = file("/bin/ls", 12), other = file("/bin/ps", 13);
    CHECK(cache_add(&program, &small) != nullptr);
    no_slots = true;
    CHECK(cache_add(&other, &small) == nullptr);
    CHECK(is_kept("/bin/ls", 12));
}

TEST(all_is_freed_when_memory_is_short)
{
    begin();
    CHECK(!cache_clear());
    for (unsigned i = 0; i < 3; i++) {
        struct executable program = file(numbered(i), i + 1);
        CHECK(cache_add(&program, &small) != nullptr);
    }
    CHECK(cache_clear());
    CHECK_EQ(frees, 3);
    CHECK_EQ(slots_live, 0);
    CHECK(!is_kept(numbered(2), 3));
    CHECK(!cache_clear());
}
