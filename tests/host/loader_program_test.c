// sources: servers/loader/elf.c
//
// Loading a program: the loader's own files above a file server, windows and processes that are
// made of host memory, which is as short as a test wants it.

#include <abi/layout.h>
#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/random.h>
#include <baton/system.h>
#include <protocols/file.h>
#include <protocols/memory.h>

#include "elf_sample.h"
#include "test.h"

static status_t close_file(handle_t server, uint32_t fd);
static status_t memory_made(handle_t process, parcel_t slots, uint32_t kind);
static status_t memory_freed(parcel_t slots);
static status_t parcel_moved(handle_t process, parcel_t source, uaddr_t destination);
static status_t process_ended(handle_t process, uint32_t status);
static status_t handle_closed(handle_t handle);
#define file_close           close_file
#define system_memory_create memory_made
#define system_memory_free   memory_freed
#define system_parcel_move   parcel_moved
#define system_process_end   process_ended
#define system_handle_close  handle_closed
#include "../../servers/loader/cache.c"
#include "../../servers/loader/program.c"
#include "../../servers/loader/segment.c"

static constexpr handle_t PROCESS = 5;
static constexpr unsigned ARENA = 4096, PLENTY = 1000;

struct services services;
[[gnu::visibility("hidden")]] ticks_t client_default_ticks;

// The loader's memory: addresses are never used again.
alignas(PAGE_SIZE) static char arena[ARENA][PAGE_SIZE];
static bool held[ARENA], read_only[ARENA];
static unsigned arena_used, held_count, budget;

// The file, and what was done with it.
alignas(PAGE_SIZE) static char contents[(SAMPLE_SIZE + PAGE_SIZE - 1) / PAGE_SIZE][PAGE_SIZE];
static uint64_t generation;
static unsigned opens, closes, reads, reads_until_error;

// The process that is made.
static struct {
    uaddr_t address;
    parcel_t rights;
    char bytes[PAGE_SIZE];
} placed[16];
static unsigned placed_count, zeros, processes, ends;

// --- the loader's memory -------------------------------------------------------------------------

static unsigned arena_index(uaddr_t address)
{
    unsigned index = (unsigned)((address - (uaddr_t)arena) / PAGE_SIZE);
    CHECK(index < ARENA);
    return index;
}

static void hold(uaddr_t address, unsigned count, bool value)
{
    for (unsigned i = arena_index(address); count > 0; i++, count--) {
        held_count += value;
        held_count -= held[i];
        held[i] = value;
    }
}

uaddr_t slots_allocate(unsigned pages)
{
    CHECK(arena_used + pages <= ARENA);
    uaddr_t slots = (uaddr_t)arena[arena_used];
    arena_used += pages;
    return slots;
}

void slots_free(uaddr_t address, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        CHECK(!held[arena_index(address) + i]);
}

static status_t memory_made(handle_t process, parcel_t slots, uint32_t kind)
{
    unsigned count = parcel_count(slots);
    if (process != HANDLE_NONE) {
        CHECK_EQ(kind, MEMORY_ZERO);
        zeros += count;
        return OK;
    }
    if (held_count + count > budget)
        return ERR_NO_MEMORY;
    hold(parcel_address(slots), count, true);
    memset((void *)parcel_address(slots), 0, parcel_size(slots));
    return OK;
}

static status_t memory_freed(parcel_t slots)
{
    hold(parcel_address(slots), parcel_count(slots), false);
    return OK;
}

status_t pages_allocate(unsigned pages, void **address)
{
    *address = (void *)slots_allocate(pages);
    return memory_made(HANDLE_NONE, pages_parcel((uaddr_t)*address, pages, PARCEL_NONE, 0), 0);
}

void pages_free(void *address, unsigned pages)
{
    hold((uaddr_t)address, pages, false);
}

status_t landing_restore(uaddr_t address)
{
    CHECK(!held[arena_index(address)]);
    return OK;
}

status_t landing_free(parcel_t landed)
{
    return memory_freed(landed);
}

status_t landing_take(parcel_t landed, uaddr_t destination)
{
    memcpy((void *)destination, (void *)parcel_address(landed), parcel_size(landed));
    hold(destination, parcel_count(landed), true);
    read_only[arena_index(destination)] = true;
    return memory_freed(landed);
}

// --- the servers and the process -----------------------------------------------------------------

status_t file_open_until(handle_t, const char *, uint32_t, uint32_t *fd, enum file_kind *kind,
                         uint64_t *size, uint64_t *inode, uint64_t *now, ticks_t)
{
    *fd = 3, *kind = FILE_KIND_REGULAR, *size = SAMPLE_SIZE, *inode = 12, *now = generation;
    opens++;
    return OK;
}

static status_t close_file(handle_t, uint32_t fd)
{
    CHECK_EQ(fd, 3);
    closes++;
    return OK;
}

status_t file_read_until(handle_t, uint32_t, uint32_t count, uint64_t offset, uint32_t *bytes,
                         parcel_t *data, ticks_t)
{
    reads++;
    if (reads_until_error != 0 && --reads_until_error == 0)
        return ERR_IO;
    if (held_count + count > budget)
        return ERR_NO_MEMORY;
    uaddr_t window = slots_allocate(count);
    hold(window, count, true);
    for (unsigned i = 0; i < count; i++)
        read_only[arena_index(window) + i] = true;
    memcpy((void *)window, contents[offset / PAGE_SIZE], count * PAGE_SIZE);
    *bytes = count * PAGE_SIZE;
    *data = pages_parcel(window, count, PARCEL_GIVE, 0);
    return OK;
}

status_t memory_open_until(handle_t, uint64_t, const char *, handle_t *process, ticks_t)
{
    processes++;
    *process = PROCESS;
    return OK;
}

static status_t parcel_moved(handle_t process, parcel_t source, uaddr_t destination)
{
    uaddr_t from = parcel_address(source);
    parcel_t rights = source & (PARCEL_WRITABLE | PARCEL_EXECUTABLE);
    bool clone = parcel_mode(source) == PARCEL_CLONE;
    CHECK_EQ(process, PROCESS);
    if (read_only[arena_index(from)] && (rights & PARCEL_WRITABLE))
        return ERR_NO_RIGHT;
    for (unsigned i = 0; i < parcel_count(source); i++) {
        CHECK(placed_count < sizeof placed / sizeof *placed && held[arena_index(from) + i]);
        placed[placed_count].address = destination + i * PAGE_SIZE;
        placed[placed_count].rights = rights;
        memcpy(placed[placed_count++].bytes, (char *)from + i * PAGE_SIZE, PAGE_SIZE);
    }
    return clone ? OK : memory_freed(source);
}

static status_t process_ended(handle_t, uint32_t)
{
    ends++;
    return OK;
}

static status_t handle_closed(handle_t)
{
    return OK;
}

uint64_t random_below(uint64_t limit)
{
    return limit / 2;
}

void log_line(enum log_level, const char *, ...)
{
}

const char *status_text(status_t)
{
    return "";
}

// --- tests ---------------------------------------------------------------------------------------

static void begin(void)
{
    (void)cache_clear();
    CHECK_EQ(held_count, 0);
    generation++;
    memset(contents, (int)generation, sizeof contents);
    struct sample sample = sample_make();
    memcpy(contents, &sample, sizeof sample);
    arena_used = reads = opens = closes = reads_until_error = processes = ends = 0;
    memset(read_only, 0, sizeof read_only);
    budget = PLENTY;
}

static status_t load(const char *path, struct loaded *loaded)
{
    placed_count = zeros = reads = 0;
    return program_place(path, 100, "sample", loaded);
}

// The process holds the file's pages, with rights, and zeros behind the data.
static void expect_program(const struct loaded *loaded)
{
    static const parcel_t rights[] = {0, PARCEL_EXECUTABLE, PARCEL_EXECUTABLE, PARCEL_WRITABLE};
    static constexpr unsigned DATA = 3, TAIL = 0x100;
    static const char zero[PAGE_SIZE];
    CHECK_EQ(placed_count, 4);
    CHECK_EQ(zeros, 2);
    CHECK_EQ(loaded->entry, loaded->image + 0x1010);
    for (unsigned i = 0; i < placed_count; i++) {
        size_t same = i == DATA ? TAIL : PAGE_SIZE;
        CHECK_EQ(placed[i].address, loaded->image + i * PAGE_SIZE);
        CHECK_EQ(placed[i].rights, rights[i]);
        CHECK(memcmp(placed[i].bytes, contents[i], same) == 0);
        CHECK(memcmp(placed[i].bytes + same, zero, PAGE_SIZE - same) == 0);
    }
}

static void expect_loaded(const char *path, bool from_file)
{
    struct loaded loaded;
    CHECK_EQ(load(path, &loaded), OK);
    expect_program(&loaded);
    CHECK_EQ(reads != 0, from_file);
    CHECK_EQ(opens, closes);
    CHECK_EQ(ends, 0);
}

TEST(a_program_is_read_once)
{
    begin();
    expect_loaded("/bin/a", true);
    CHECK_EQ(held_count, 4);
    for (unsigned i = 0; i < 3; i++)
        expect_loaded("/bin/a", false);
    expect_loaded("/bin/b", true);
    CHECK_EQ(held_count, 8);
}

TEST(a_file_that_has_changed_is_read_again)
{
    begin();
    expect_loaded("/bin/a", true);
    generation++;
    memset(contents[1], 0x77, sizeof contents[1]);
    expect_loaded("/bin/a", true);
    CHECK_EQ(held_count, 4);
    expect_loaded("/bin/a", false);
}

TEST(programs_are_loaded_while_memory_is_short)
{
    unsigned loaded_unkept = 0, refused = 0;
    for (budget = 0;; budget++) {
        unsigned now = budget;
        begin();
        budget = now;
        struct loaded loaded;
        status_t status = load("/bin/a", &loaded);
        if (status == OK)
            expect_program(&loaded);
        else
            CHECK_EQ(status, ERR_NO_MEMORY);
        CHECK_EQ(opens, closes);
        CHECK_EQ(ends, status == OK ? 0 : processes);
        refused += status != OK;
        loaded_unkept += status == OK && held_count == 0;
        if (held_count != 0)
            break;
    }
    CHECK(refused != 0 && loaded_unkept != 0);
    budget = PLENTY;
    expect_loaded("/bin/a", false);
}

TEST(what_is_kept_makes_room)
{
    begin();
    expect_loaded("/bin/a", true);
    budget = held_count + 1;
    expect_loaded("/bin/b", true);
    expect_loaded("/bin/a", true); // was let go
    begin();
    expect_loaded("/bin/a", true);
    budget = held_count; // not even the headers can be read
    expect_loaded("/bin/b", true);
}

TEST(errors_of_the_file_leave_nothing)
{
    for (unsigned at = 1; at < 20; at++) {
        begin();
        reads_until_error = at;
        struct loaded loaded;
        status_t status = load("/bin/a", &loaded);
        CHECK(status == OK || status == ERR_IO);
        CHECK_EQ(at == 1, status == ERR_IO); // one that was to be kept is read again
        CHECK_EQ(opens, closes);
        CHECK_EQ(ends, status == OK ? 0 : processes);
        CHECK(held_count == 0 || held_count == 4);
    }
}
