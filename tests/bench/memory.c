// What memory costs: making and freeing it, first touches, copy-on-write, starting a program.

#include "measure.h"

#include <abi/query.h>
#include <baton/parcel.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

static constexpr uint64_t CHILD_FRAMES = 256;
static constexpr unsigned STOCK_PAGES = 256;
static constexpr uint64_t IDLE_NS = 1'000'000;

static uaddr_t source, target; // two empty pages of address space

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

int main(void)
{
    measure_calibrate();
    source = slots_allocate(1);
    target = slots_allocate(1);
    measure_pages();
    measure_zeroing();
    struct spawn nothing = {
        .program = start_handle("program"),
        .path = "/bench/nothing",
        .limit_frames = CHILD_FRAMES,
    };
    measure("start_program", start_program, nullptr, &nothing);
    return 0;
}
