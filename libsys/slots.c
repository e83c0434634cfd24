// Own address space, handed out in pages: a bit for each page that is taken. The first table is the
// one of the stack and the start page, so that a program with few pages needs no further table.

#include <baton/parcel.h>
#include <baton/system.h>
#include <abi/layout.h>

static constexpr unsigned TABLES = 64; // 128 MiB
static constexpr unsigned WORDS = TABLE_ENTRIES / 64;
static constexpr uaddr_t REGION = LAYOUT_STACK_TOP - LAYOUT_STACK_MAXIMUM;
// Left to the stack, and to the start page with a hole before and behind.
static constexpr unsigned START_PAGES = LAYOUT_STACK_MAXIMUM / PAGE_SIZE + 64;

static_assert(REGION % (PAGE_SIZE * TABLE_ENTRIES) == 0);

static uint64_t taken[TABLES][WORDS];

static bool is_taken(const uint64_t *bits, unsigned page)
{
    return bits[page / 64] >> page % 64 & 1;
}

static void mark(uint64_t *bits, unsigned first, unsigned pages, bool value)
{
    for (unsigned page = first; page < first + pages; page++) {
        uint64_t bit = 1ull << page % 64;
        bits[page / 64] = value ? bits[page / 64] | bit : bits[page / 64] & ~bit;
    }
}

// First page of a free run, or TABLE_ENTRIES.
static unsigned find_run(const uint64_t *bits, unsigned pages)
{
    unsigned run = 0;
    for (unsigned page = 0; page < TABLE_ENTRIES; page++) {
        if (page % 64 == 0 && bits[page / 64] == ~0ull) {
            run = 0;
            page += 63;
            continue;
        }
        run = is_taken(bits, page) ? 0 : run + 1;
        if (run == pages)
            return page + 1 - pages;
    }
    return TABLE_ENTRIES;
}

uaddr_t slots_allocate(unsigned pages)
{
    if (pages == 0 || pages > SLOTS_MAXIMUM)
        return 0;
    if (taken[0][0] == 0)
        mark(taken[0], 0, START_PAGES, true);
    for (unsigned table = 0; table < TABLES; table++) {
        unsigned first = find_run(taken[table], pages);
        if (first == TABLE_ENTRIES)
            continue;
        mark(taken[table], first, pages, true);
        return REGION + ((uint64_t)table * TABLE_ENTRIES + first) * PAGE_SIZE;
    }
    return 0;
}

void slots_free(uaddr_t address, unsigned pages)
{
    uint64_t page = (address - REGION) >> PAGE_BITS;
    mark(taken[page / TABLE_ENTRIES], page % TABLE_ENTRIES, pages, false);
}

status_t pages_allocate(unsigned pages, void **address)
{
    uaddr_t slots = slots_allocate(pages);
    if (!slots)
        return ERR_NO_MEMORY;
    parcel_t parcel = pages_parcel(slots, pages, PARCEL_NONE, PARCEL_WRITABLE);
    status_t status = system_memory_create(HANDLE_NONE, parcel, MEMORY_PAGES);
    if (status == ERR_NO_FRAME) // each page waits for a frame when it is touched
        status = system_memory_create(HANDLE_NONE, parcel, MEMORY_ZERO);
    if (status != OK) {
        slots_free(slots, pages);
        return status;
    }
    *address = (void *)slots;
    return OK;
}

void pages_free(void *address, unsigned pages)
{
    // Only what is lent out cannot be freed; its addresses stay taken then.
    if (system_memory_free(pages_parcel((uaddr_t)address, pages, PARCEL_NONE, 0)) == OK)
        slots_free((uaddr_t)address, pages);
}
