// What a parcel of 1 GiB costs, a part of it touched and ZERO in the rest: clones, the first writes
// after them, and forks of the process that holds it. For a machine with room for two of them.

#include "measure.h"
#include "server.h"

#include <baton/parcel.h>
#include <baton/system.h>
#include <baton/time.h>

static constexpr uaddr_t SOURCE = 0x2000'0000'0000, TARGET = 0x2080'0000'0000;
static constexpr unsigned LEVEL = 3;
static constexpr uint64_t TOUCHED_SIZE = 64 << 20;
static constexpr uint64_t CHILD_FRAMES = 270'000;
static constexpr uint64_t IDLE_NS = 1'000'000;

static struct server_process large;
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

static inline void call_empty(void *context)
{
    struct message message = {.tag = PLAIN_ECHO};
    *(status_t *)context = message_call(large.port, &message, 0);
}

static inline void call_give(void *context, unsigned level)
{
    struct message message = {.tag = PLAIN_ECHO,
                              .parcel = parcel_make(TARGET, level, 1, PARCEL_GIVE,
                                                    PARCEL_WRITABLE)};
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

// A table of its own, with one page touched.
static void prepare_gift(unsigned level)
{
    struct message message = {.tag = PLAIN_DROP};
    measure_demand(message_call(large.port, &message, 0), "dropping a gift");
    measure_demand(message_reply_status(&message), "dropping a gift");
    parcel_t gift = parcel_make(TARGET, level, 1, PARCEL_NONE, PARCEL_WRITABLE);
    measure_demand(system_memory_create(0, gift, MEMORY_ZERO), "a gift");
    write_page(TARGET);
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

// --- rows ----------------------------------------------------------------------------------------

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
    server_stop(&large);
}

int main(int argc, char **argv)
{
    server_become(argc, argv);
    status_t status = OK;
    measure_calibrate();
    measure_demand(system_memory_create(0, slot(SOURCE), MEMORY_ZERO), "1 GiB");
    for (uint64_t offset = 0; offset < TOUCHED_SIZE; offset += PAGE_SIZE)
        write_page(SOURCE + offset);
    measure("clone_1g", clone, prepare_empty, &status);
    measure_demand(status, "cloning 1 GiB");
    measure("clone_1g_write", write_first, prepare_clone, nullptr);
    measure("clone_1g_write_next", write_next, prepare_written, nullptr);
    measure_demand(system_memory_free(slot(TARGET)), "freeing a clone");
    measure("process_create", process_make, prepare_no_child, &status);
    measure_demand(status, "a process");
    measure("fork_1g", fork_space, prepare_child, &status);
    measure_demand(status, "forking");
    child_end();
    measure_gifts(argv[0]);
    return 0;
}
