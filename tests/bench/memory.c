// What memory costs: making and freeing it, first touches, copy-on-write, starting a program.

#include "measure.h"

#include <abi/query.h>
#include <baton/parcel.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <string.h>

static constexpr uint64_t CHILD_FRAMES = 256;
static constexpr unsigned STOCK_PAGES = 256;
static constexpr uint64_t IDLE_NS = 1'000'000;

// A process that writes to one page after another, none of which is there; a new one after some.
static constexpr unsigned TOUCHER_PAGES = 128;
static constexpr uint64_t TOUCHER_FRAMES = TOUCHER_PAGES + 64;
static constexpr uaddr_t TOUCHER_CODE = 0x40'0000, TOUCHER_FIRST = 0x1'0000'0000;

static uaddr_t source, target; // two empty pages of address space
static handle_t pager_port, toucher; // the process

static parcel_t slot(uaddr_t address)
{
    return pages_parcel(address, 1, PARCEL_NONE, PARCEL_WRITABLE);
}

// --- operations ----------------------------------------------------------------------------------

static inline void create_free(void *context)
{
    status_t *status = context;
    *status = system_memory_create(0, slot(target), MEMORY_PAGES);
    if (*status == OK)
        *status = system_memory_free(slot(target));
}

static inline void create(void *context)
{
    *(status_t *)context = system_memory_create(0, slot(target), MEMORY_PAGES);
}

static inline void free_target(void *context)
{
    *(status_t *)context = system_memory_free(slot(target));
}

static inline void clone_free(void *context)
{
    status_t *status = context;
    *status = system_memory_clone(slot(source), target);
    if (*status == OK)
        *status = system_memory_free(slot(target));
}

static inline void touch(void *context)
{
    (void)context;
    *(volatile uint64_t *)target = 1;
}

// From an answer with a page to the next fault: what a touch through a pager costs, once round.
static inline void answer_fault(void *context)
{
    struct message message = {
        .parcel = pages_parcel(target, 1, PARCEL_GIVE, PARCEL_WRITABLE)};
    struct message_info info;
    *(status_t *)context = message_reply_receive(pager_port, &message, &info, 0);
}

static inline void start_program(void *context)
{
    struct child child;
    struct child_end end;
    measure_demand(spawn(context, HANDLE_NONE, 0, &child), "starting a program");
    measure_demand(child_wait(&end, 0), "a program's end");
    child_close(&child);
}

// --- what comes before a sample ------------------------------------------------------------------

// An idle hart fills its stock of zeroed frames.
static void fill_stock(void)
{
    measure_demand(sleep_until(deadline_after(IDLE_NS)), "sleeping");
}

// More frames than the stock holds: freed frames do not go back to it, and this hart is not idle
// until the row is printed.
static void empty_stock(void)
{
    void *pages;
    measure_demand(pages_allocate(STOCK_PAGES, &pages), "pages to empty the stock");
    pages_free(pages, STOCK_PAGES);
}

static void prepare_empty(void *context)
{
    (void)context;
    (void)system_memory_free(slot(target));
    fill_stock();
}

static void prepare_present(void *context)
{
    (void)context;
    measure_demand(system_memory_create(0, slot(target), MEMORY_PAGES), "a page to free");
}

static void prepare_zero(void *context)
{
    (void)context;
    (void)system_memory_free(slot(target));
    measure_demand(system_memory_create(0, slot(target), MEMORY_ZERO), "a page on demand");
}

static void prepare_zero_stocked(void *context)
{
    prepare_zero(context);
    fill_stock();
}

static void prepare_clone(void *context)
{
    (void)context;
    (void)system_memory_free(slot(target));
    measure_demand(system_memory_clone(slot(source), target), "a clone");
}

// --- what the kernel does in idle time
// ------------------------------------------------------------

static uint64_t frames_zeroed(void)
{
    static void *page;
    uint64_t count;
    if (page == nullptr)
        measure_demand(pages_allocate(1, &page), "a page");
    measure_demand(
        system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page, &count),
        "the kernel's frames");
    return ((const struct query_machine *)page)->frames_zeroed;
}

// The stock is filled during the first sleep, and full during the second.
static void measure_zeroing(void)
{
    measure_clear();
    for (unsigned i = 0; i < MEASURE_SAMPLES; i++) {
        empty_stock();
        uint64_t before = frames_zeroed();
        uint64_t filling = measure_sleep(IDLE_NS);
        uint64_t frames = frames_zeroed() - before;
        measure_demand(frames != 0 ? OK : ERR_EMPTY, "filling the stock");
        measure_sample_add((filling - measure_sleep(IDLE_NS)) / frames);
    }
    measure_report("zero_idle", 1);
}

// --- rows ----------------------------------------------------------------------------------------

static void measure_pages(void)
{
    status_t status = OK;
    measure("create_free", create_free, nullptr, &status);
    measure_demand(status, "making and freeing a page");
    measure("map_page", create, prepare_empty, &status);
    measure_demand(status, "making a page");
    measure_demand(system_memory_free(slot(target)), "freeing a page");
    measure("unmap_page", free_target, prepare_present, &status);
    measure_demand(status, "freeing a page");
    measure("first_touch", touch, prepare_zero_stocked, nullptr);
    empty_stock();
    measure("first_touch_zeroing", touch, prepare_zero, nullptr);
    measure_demand(system_memory_free(slot(target)), "freeing a page");

    measure_demand(system_memory_create(0, slot(source), MEMORY_PAGES), "a page to clone");
    *(volatile uint64_t *)source = 1;
    measure("clone_free", clone_free, nullptr, &status);
    measure_demand(status, "cloning a page");
    measure("write_break", touch, prepare_clone, nullptr);
}

// mov %rdi, (%rdi); add $4096, %rdi; jmp to the mov
static const uint8_t toucher_code[] = {0x48, 0x89, 0x3f, 0x48, 0x81, 0xc7, 0x00,
                                       0x10, 0x00, 0x00, 0xeb, 0xf4};

static void toucher_make(void)
{
    uint64_t process, thread;
    parcel_t code = pages_parcel(target, 1, PARCEL_GIVE, PARCEL_EXECUTABLE);
    measure_demand(system_process_create(TOUCHER_FRAMES, 't', 0, &process), "a process");
    toucher = (handle_t)process;
    measure_demand(system_process_pager(toucher, pager_port, 0, 0), "being a pager");
    prepare_present(nullptr);
    memcpy((void *)target, toucher_code, sizeof toucher_code);
    measure_demand(system_parcel_move(toucher, code, TOUCHER_CODE), "giving code");
    measure_demand(system_thread_create(toucher, TOUCHER_CODE, TOUCHER_FIRST, TOUCHER_FIRST,
                                        &thread),
                   "a thread");
    measure_demand(system_handle_close((handle_t)thread), "closing its handle");
}

static void toucher_end(void)
{
    if (toucher == HANDLE_NONE)
        return;
    measure_demand(system_process_end(toucher, 0), "ending a process");
    measure_demand(system_handle_close(toucher), "closing its handle");
    measure_demand(sleep_until(deadline_after(IDLE_NS)), "sleeping");
}

// A page to answer with, and a fault in hand.
static void prepare_fault(void *context)
{
    static unsigned faults;
    if (faults++ % TOUCHER_PAGES == 0) {
        struct message message;
        struct message_info info;
        toucher_end();
        toucher_make();
        measure_demand(message_receive(pager_port, &message, &info, 0), "a fault");
        measure_demand(message.word[0] == TOUCHER_FIRST ? OK : ERR_BAD_MESSAGE, "its address");
    }
    prepare_present(context);
}

static void measure_pager(void)
{
    uint64_t port;
    status_t status = OK;
    measure_demand(system_port_create(0, &port), "a port");
    pager_port = (handle_t)port;
    measure("pager_fault", answer_fault, prepare_fault, &status);
    measure_demand(status, "answering a fault");
    toucher_end();
    measure_demand(system_handle_close(pager_port), "closing a port");
}

int main(void)
{
    measure_calibrate();
    source = slots_allocate(1);
    target = slots_allocate(1);
    measure_pages();
    measure_zeroing();
    measure_demand(system_memory_free(slot(target)), "freeing a page");
    measure_pager();
    struct spawn nothing = {
        .program = start_handle("program"),
        .path = "/bench/nothing",
        .limit_frames = CHILD_FRAMES,
    };
    measure("start_program", start_program, nullptr, &nothing);
    return 0;
}
