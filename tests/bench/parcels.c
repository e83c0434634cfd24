// What a parcel of 1 GiB costs, all of it touched: clones, the first writes after them, and forks
// of the process that holds it; what large pages cost, and that neither making nor freeing many
// keeps the hart for long. For a machine with room for that and a charge of three times as much.

#include "measure.h"
#include "server.h"
#include "taker.h"

#include <baton/parcel.h>
#include <baton/system.h>
#include <baton/time.h>

static constexpr uaddr_t SOURCE = 0x2000'0000'0000, TARGET = 0x2080'0000'0000;
static constexpr unsigned LEVEL = 3;
static constexpr uint64_t CHILD_FRAMES = 270'000;
static constexpr uint64_t IDLE_NS = 1'000'000;

static constexpr uint64_t FREED_SIZE = 64 << 20, FREEING_NS = 100'000'000;
static constexpr unsigned LARGE_SAMPLES = 8; // where a sample touches 64 MiB

static struct server_process large, taker;
static uint64_t child; // the process that is forked into

static parcel_t slot(uaddr_t address)
{
    return parcel_make(address, LEVEL, 1, PARCEL_NONE, PARCEL_WRITABLE);
}

static void write_page(uaddr_t address)
{
    *(volatile uint64_t *)address = 1;
}

// --- operations ----------------------------------------------------------------------------------

static inline void clone(void *context)
{
    *(status_t *)context = system_memory_clone(slot(SOURCE), TARGET);
}

static inline void write_first(void *context)
{
    (void)context;
    write_page(TARGET);
}

static inline void write_next(void *context)
{
    (void)context;
    write_page(TARGET + PAGE_SIZE);
}

static inline void process_make(void *context)
{
    *(status_t *)context = system_process_create(CHILD_FRAMES, 'f', 0, &child);
}

static inline void fork_space(void *context)
{
    *(status_t *)context = system_fork((handle_t)child);
}

// The stack is written to: what was cheap to share is paid for by the first write.
static inline void fork_and_write(void *context)
{
    fork_space(context);
    volatile uint64_t word = 1;
    (void)word;
}

static inline void call_empty(void *context)
{
    struct message message = {.tag = PLAIN_ECHO};
    *(status_t *)context = message_call(large.port, &message, 0);
}

static inline void call_give(void *context, unsigned level)
{
    struct message message = {
        .tag = PLAIN_ECHO, .parcel = parcel_make(TARGET, level, 1, PARCEL_GIVE, PARCEL_WRITABLE)};
    *(status_t *)context = message_call(large.port, &message, 0);
}

static inline void call_give_2m(void *context)
{
    call_give(context, 2);
}

static inline void call_give_1g(void *context)
{
    call_give(context, 3);
}

// A gift that a receiver reads a word of each page of.
struct travel {
    uint64_t bytes;
    unsigned level, count;
    status_t status;
    uint64_t sum;
};

static parcel_t travel_parcel(const struct travel *travel, enum parcel_mode mode)
{
    return parcel_make(TARGET, travel->level, travel->count, mode, PARCEL_WRITABLE);
}

static inline void call_travel(void *context)
{
    struct travel *travel = context;
    struct message message = {.tag = TAKE_READ_PAGES,
                              .word = {travel->bytes},
                              .parcel = travel_parcel(travel, PARCEL_GIVE)};
    travel->status = message_call(taker.port, &message, 0);
    travel->sum = message.word[0];
}

static inline void call_give_4k(void *context)
{
    call_give(context, 1);
}

// --- what comes before a sample ------------------------------------------------------------------

static void prepare_empty(void *context)
{
    (void)context;
    (void)system_memory_free(slot(TARGET));
}

static void prepare_clone(void *context)
{
    (void)context;
    prepare_empty(nullptr);
    measure_demand(system_memory_clone(slot(SOURCE), TARGET), "a clone");
}

static void prepare_written(void *context)
{
    prepare_clone(context);
    write_page(TARGET);
}

// Idle time lets the kernel free what a process had.
static void child_end(void)
{
    if (child == 0)
        return;
    measure_demand(system_process_end((handle_t)child, 0), "ending a process");
    measure_demand(system_handle_close((handle_t)child), "closing its handle");
    child = 0;
    measure_demand(sleep_until(deadline_after(IDLE_NS)), "sleeping");
}

static void prepare_no_child(void *context)
{
    (void)context;
    child_end();
}

static void prepare_child(void *context)
{
    (void)context;
    child_end();
    measure_demand(system_process_create(CHILD_FRAMES, 'f', 0, &child), "a process");
}

// What is at `address`, each page written to.
static void touch_all(uaddr_t address, uint64_t bytes)
{
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_SIZE)
        write_page(address + offset);
}

static void prepare_travel(void *context)
{
    struct travel *travel = context;
    struct message message = {.tag = TAKE_DROP};
    measure_demand(message_call(taker.port, &message, 0), "dropping a gift");
    measure_demand(message_reply_status(&message), "dropping a gift");
    measure_demand(system_memory_create(0, travel_parcel(travel, PARCEL_NONE), MEMORY_ZERO),
                   "a gift");
    touch_all(TARGET, travel->bytes);
}

// A page, or a table of its own with one page touched.
static void prepare_gift(unsigned level)
{
    struct message message = {.tag = PLAIN_DROP};
    measure_demand(message_call(large.port, &message, 0), "dropping a gift");
    measure_demand(message_reply_status(&message), "dropping a gift");
    parcel_t gift = parcel_make(TARGET, level, 1, PARCEL_NONE, PARCEL_WRITABLE);
    measure_demand(system_memory_create(0, gift, MEMORY_ZERO), "a gift");
    write_page(TARGET);
}

static void prepare_4k(void *context)
{
    (void)context;
    prepare_gift(1);
}

static void prepare_2m(void *context)
{
    (void)context;
    prepare_gift(2);
}

static void prepare_1g(void *context)
{
    (void)context;
    prepare_gift(3);
}

// --- large pages ---------------------------------------------------------------------------------

static constexpr unsigned MANY = PARCEL_ENTRIES;

static parcel_t large_slots(unsigned count)
{
    return parcel_make(TARGET, 2, count, PARCEL_NONE, PARCEL_WRITABLE);
}

static inline void create_large(void *context)
{
    *(status_t *)context = system_memory_create(0, large_slots(1), MEMORY_LARGE);
}

static void prepare_no_large(void *context)
{
    (void)context;
    (void)system_memory_free(large_slots(1));
}

// One of the eight pieces in which a large page is zeroed.
static inline void fill_large(void *context)
{
    *(status_t *)context = system_memory_create(0, large_slots(1), MEMORY_FILL);
}

static void prepare_large(void *context)
{
    prepare_no_large(context);
    create_large(context);
}

static uint32_t many_make(void)
{
    uint32_t start = measure_ticks();
    status_t status = system_memory_create(0, large_slots(MANY), MEMORY_LARGE);
    uint32_t ticks = measure_ticks() - start;
    measure_demand(status, "many large pages");
    return ticks;
}

static uint32_t many_free(parcel_t slots)
{
    uint32_t start = measure_ticks();
    status_t status = system_memory_free(slots);
    uint32_t ticks = measure_ticks() - start;
    measure_demand(status, "freeing large pages");
    return ticks;
}

static void measure_large_pages(void)
{
    status_t status = OK;
    measure("create_large", create_large, prepare_no_large, &status);
    measure_demand(status, "a large page");
    measure("fill_large", fill_large, prepare_large, &status);
    measure_demand(status, "a piece of a large page");
    prepare_no_large(nullptr);
    measure_single("create_large_run", many_make());
    measure_single("free_large_run", many_free(large_slots(MANY)));
    (void)many_make();
    measure_single("free_large_table", many_free(slot(TARGET)));
}

// --- rows ----------------------------------------------------------------------------------------

// Tables with landing windows are pinned: fork goes down into them, and leaves the windows out.
static void measure_fork(void)
{
    status_t status = OK;
    measure("fork_1g", fork_space, prepare_child, &status);
    measure_demand(status, "forking");
    measure("fork_1g_write", fork_and_write, prepare_child, &status);
    measure_demand(status, "forking");
    measure_demand(landing_prepare_default(), "landing windows");
    measure("fork_1g_windows", fork_space, prepare_child, &status);
    measure_demand(status, "forking with windows");
    child_end();
}

static void measure_gifts(const char *path)
{
    status_t status = OK;
    server_start(path, "large", &large);
    measure("call_large", call_empty, nullptr, &status);
    measure_demand(status, "a call");
    measure("call_give_1g", call_give_1g, prepare_1g, &status);
    measure_demand(status, "giving 1 GiB");
    measure("call_give_2m", call_give_2m, prepare_2m, &status);
    measure_demand(status, "giving 2 MiB");
    measure("call_give_4k", call_give_4k, prepare_4k, &status);
    measure_demand(status, "giving 4 KiB");
    server_stop(&large);
}

static void measure_travel(const char *name, struct travel travel, unsigned samples)
{
    struct message shape = {.tag = TAKE_SHAPE, .word = {travel.level, travel.count}};
    measure_demand(message_call(taker.port, &shape, 0), "a window");
    measure_demand(message_reply_status(&shape), "a window");
    // A table that is left of smaller gifts has to go.
    (void)system_memory_free(travel_parcel(&travel, PARCEL_NONE));
    measure_sample(call_travel, prepare_travel, &travel, samples);
    measure_demand(travel.status, name);
    measure_demand(travel.sum == travel.bytes / PAGE_SIZE ? OK : ERR_BAD_MESSAGE, name);
    measure_report(name, 1);
    struct message drop = {.tag = TAKE_DROP};
    measure_demand(message_call(taker.port, &drop, 0), "dropping a gift");
}

static void measure_travels(const char *path)
{
    server_start(path, "taker", &taker);
    measure_travel("read_64k", (struct travel){.bytes = 64 << 10, .level = 1, .count = 16},
                   MEASURE_SAMPLES);
    measure_travel("read_64m", (struct travel){.bytes = 64 << 20, .level = 2, .count = 32},
                   LARGE_SAMPLES);
    server_stop(&taker);
}

// All that freeing costs, in the call and in idle time after it, for each page.
static void measure_freeing(void)
{
    parcel_t tree =
        parcel_make(TARGET, 2, FREED_SIZE / level_size(2), PARCEL_NONE, PARCEL_WRITABLE);
    measure_clear();
    for (unsigned i = 0; i < LARGE_SAMPLES; i++) {
        measure_demand(system_memory_create(0, tree, MEMORY_ZERO), "64 MiB");
        touch_all(TARGET, FREED_SIZE);
        (void)measure_sleep(FREEING_NS); // fills the stock of zeroed frames
        uint64_t before = measure_sleep(FREEING_NS);
        uint32_t start = measure_ticks();
        status_t status = system_memory_free(tree);
        uint32_t call = measure_ticks() - start;
        measure_demand(status, "freeing 64 MiB");
        uint64_t work = call + measure_sleep(FREEING_NS) - before;
        measure_sample_add(work / (FREED_SIZE / PAGE_SIZE));
    }
    measure_report("free_page_of_tree", 1);
}

int main(int argc, char **argv)
{
    server_become(argc, argv);
    status_t status = OK;
    measure_calibrate();
    measure_demand(system_memory_create(0, slot(SOURCE), MEMORY_ZERO), "1 GiB");
    touch_all(SOURCE, level_size(LEVEL));
    measure("clone_1g", clone, prepare_empty, &status);
    measure_demand(status, "cloning 1 GiB");
    measure("clone_1g_write", write_first, prepare_clone, nullptr);
    measure("clone_1g_write_next", write_next, prepare_written, nullptr);
    measure_demand(system_memory_free(slot(TARGET)), "freeing a clone");
    measure("process_create", process_make, prepare_no_child, &status);
    measure_demand(status, "a process");
    measure_fork();
    measure_large_pages();
    measure_gifts(argv[0]);
    measure_travels(argv[0]);
    measure_freeing();
    return 0;
}
