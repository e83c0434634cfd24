// Landing windows, in pools of neighbours, in one region of address space.
//
// The kernel takes the first window that a parcel fits into, of those prepared or used last first:
// were sizes mixed, small parcels would come to sit in the large windows. So there is one size.
// When a larger one is asked for, all windows are made anew; those of the old size are taken back,
// except where a parcel lies, which then are not prepared again (a loan's comes back by itself, and
// is one more).
//
// Nothing is prepared before main: many programs never receive more than words, and tables for
// windows would be much of what starting them costs.

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
static constexpr uint64_t PARCEL_SIZE = PAGE_SIZE * PARCEL_ENTRIES;

static struct pool pools[POOLS_MAXIMUM];
static unsigned pool_count;
static uaddr_t next_address = LAYOUT_SLOTS;
static unsigned window_pages, window_count; // of that size
static unsigned accepted_pages;
static bool accepts_handles;

// The pool that the next windows belong to: the last one if they adjoin it, or a new one, which is
// not counted yet. nullptr: there are too many.
static struct pool *pool_next(unsigned pages)
{
    struct pool *last = pool_count == 0 ? nullptr : &pools[pool_count - 1];
    if (last != nullptr && last->pages == pages &&
        last->first + (uint64_t)last->windows * pages * PAGE_SIZE == next_address)
        return last;
    if (pool_count == POOLS_MAXIMUM || next_address >= LAYOUT_SLOTS_END)
        return nullptr;
    pools[pool_count] = (struct pool){.first = next_address, .pages = pages};
    return &pools[pool_count];
}

// Prepares windows that one descriptor can name.
static status_t prepare_at_once(unsigned windows, unsigned pages)
{
    struct pool *pool = pool_next(pages);
    if (pool == nullptr)
        return ERR_TOO_MANY;
    parcel_t slots = pages_parcel(next_address, windows * pages, PARCEL_NONE, 0);
    status_t status = system_slot_prepare(slots, pages);
    if (status != OK)
        return status;
    pool_count += pool == &pools[pool_count];
    pool->windows += windows;
    next_address += (uint64_t)windows * pages * PAGE_SIZE;
    return OK;
}

static status_t accept(unsigned pages)
{
    if (accepts_handles && pages <= accepted_pages)
        return OK;
    status_t status = system_accept(pages, HANDLES_ACCEPTED, 0);
    if (status == OK) {
        accepted_pages = pages;
        accepts_handles = true;
    }
    return status;
}

status_t handles_accept(void)
{
    return accept(accepted_pages);
}

static status_t prepare(unsigned windows, unsigned pages)
{
    uint64_t window_size = pages * PAGE_SIZE;
    next_address = (next_address + window_size - 1) & ~(window_size - 1);
    while (windows > 0) {
        uint64_t room = PARCEL_SIZE - next_address % PARCEL_SIZE;
        unsigned fit = (unsigned)(room / window_size);
        unsigned now = windows < fit ? windows : fit;
        status_t status = prepare_at_once(now, pages);
        if (status != OK)
            return status;
        windows -= now;
    }
    return accept(pages > accepted_pages ? pages : accepted_pages);
}

// Takes back the free windows of smaller sizes.
static void release_small(unsigned pages)
{
    for (const struct pool *pool = pools; pool < pools + pool_count; pool++) {
        uint64_t size = pool->pages * PAGE_SIZE;
        for (unsigned i = 0; pool->pages < pages && i < pool->windows; i++)
            (void)system_slot_release(
                pages_parcel(pool->first + i * size, pool->pages, PARCEL_NONE, 0));
    }
}

status_t landing_prepare(unsigned windows, unsigned pages)
{
    if (pages == 0 || pages > SLOTS_MAXIMUM || (pages & (pages - 1)) != 0)
        return ERR_BAD_ARGUMENT;
    if (window_count == 0) {
        windows += DEFAULT_WINDOWS;
        pages = pages > DEFAULT_PAGES ? pages : DEFAULT_PAGES;
    }
    bool larger = pages > window_pages;
    status_t status =
        larger ? prepare(window_count + windows, pages) : prepare(windows, window_pages);
    if (status != OK)
        return status;
    window_count += windows;
    if (larger) {
        release_small(pages);
        window_pages = pages;
    }
    return OK;
}

status_t landing_prepare_default(void)
{
    return window_count != 0 ? OK : landing_prepare(0, DEFAULT_PAGES);
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
    if (pool->pages < window_pages) // replaced by a larger one
        return OK;
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

// Where something below is with a pager, its page is freed first.
status_t parcel_free(parcel_t slots)
{
    unsigned level = parcel_level(slots);
    status_t status = system_memory_free(slots);
    for (unsigned i = 0; status == ERR_AWAY && i < parcel_count(slots); i++) {
        uaddr_t address = parcel_address(slots) + i * level_size(level);
        parcel_t entry = parcel_make(address, level, 1, PARCEL_NONE, 0);
        if (system_memory_free(entry) != ERR_AWAY)
            continue;
        for (unsigned half = 0; half < TABLE_ENTRIES; half += PARCEL_ENTRIES)
            (void)parcel_free(parcel_make(address + half * level_size(level - 1), level - 1,
                                          PARCEL_ENTRIES, PARCEL_NONE, 0));
    }
    return status == ERR_AWAY ? system_memory_free(slots) : status;
}

status_t landing_free(parcel_t landed)
{
    status_t status = parcel_free(slots_of(landed));
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
