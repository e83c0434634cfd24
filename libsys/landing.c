// Landing windows: pools of windows of one size, in one region of address space.

#include <baton/parcel.h>
#include <baton/system.h>
#include <abi/layout.h>

struct pool {
    uaddr_t first;
    unsigned windows, pages;
};

static constexpr unsigned POOLS_MAXIMUM = 8;
static constexpr unsigned HANDLES_ACCEPTED = MESSAGE_HANDLES;
static constexpr unsigned DEFAULT_WINDOWS = 4, DEFAULT_PAGES = 16;
static constexpr uint64_t TABLE_SIZE = PAGE_SIZE * TABLE_ENTRIES;

static struct pool pools[POOLS_MAXIMUM];
static unsigned pool_count;
static uaddr_t next_address = LAYOUT_SLOTS;
static unsigned accepted_pages;

// Prepares windows that lie in one table.
static status_t prepare_in_table(unsigned windows, unsigned pages)
{
    parcel_t slots = pages_parcel(next_address, windows * pages, PARCEL_NONE, 0);
    status_t status = system_slot_prepare(slots, pages);
    if (status != OK)
        return status;
    pools[pool_count++] = (struct pool){next_address, windows, pages};
    next_address += (uint64_t)windows * pages * PAGE_SIZE;
    return OK;
}

static status_t accept_more(unsigned pages)
{
    if (pages <= accepted_pages)
        return OK;
    status_t status = system_accept(pages, HANDLES_ACCEPTED, 0);
    if (status == OK)
        accepted_pages = pages;
    return status;
}

status_t landing_prepare(unsigned windows, unsigned pages)
{
    if (pages == 0 || pages > SLOTS_MAXIMUM || (pages & (pages - 1)) != 0)
        return ERR_BAD_ARGUMENT;
    uint64_t window_size = pages * PAGE_SIZE;
    next_address = (next_address + window_size - 1) & ~(window_size - 1);
    while (windows > 0) {
        uint64_t room = TABLE_SIZE - next_address % TABLE_SIZE;
        unsigned fit = (unsigned)(room / window_size);
        unsigned now = windows < fit ? windows : fit;
        if (pool_count == POOLS_MAXIMUM || next_address >= LAYOUT_SLOTS_END)
            return ERR_TOO_MANY;
        status_t status = prepare_in_table(now, pages);
        if (status != OK)
            return status;
        windows -= now;
    }
    return accept_more(pages);
}

status_t landing_prepare_default(void)
{
    return landing_prepare(DEFAULT_WINDOWS, DEFAULT_PAGES);
}

static const struct pool *pool_of(uaddr_t address)
{
    for (unsigned i = 0; i < pool_count; i++) {
        uint64_t size = (uint64_t)pools[i].windows * pools[i].pages * PAGE_SIZE;
        if (address - pools[i].first < size)
            return &pools[i];
    }
    return nullptr;
}

status_t landing_restore(uaddr_t address)
{
    const struct pool *pool = pool_of(address);
    if (!pool)
        return ERR_BAD_SLOT;
    uint64_t offset = address - pool->first;
    uaddr_t window = address - offset % (pool->pages * PAGE_SIZE);
    return system_slot_prepare(pages_parcel(window, pool->pages, PARCEL_NONE, 0), pool->pages);
}

// The slots of a descriptor, which says nothing else.
static parcel_t slots_of(parcel_t parcel)
{
    return parcel_make(parcel_address(parcel), parcel_level(parcel), parcel_count(parcel),
                       PARCEL_NONE, 0);
}

status_t landing_free(parcel_t landed)
{
    status_t status = system_memory_free(slots_of(landed));
    if (status != OK)
        return status;
    return landing_restore(parcel_address(landed));
}

status_t landing_take(parcel_t landed, uaddr_t destination)
{
    parcel_t source = slots_of(landed) | (uint64_t)PARCEL_GIVE << PARCEL_MODE_SHIFT |
                      (landed & (PARCEL_WRITABLE | PARCEL_EXECUTABLE));
    status_t status = system_parcel_move(HANDLE_NONE, source, destination);
    if (status != OK)
        return status;
    return landing_restore(parcel_address(landed));
}
