// Arithmetic only, so that it is tested on the host.

#include "store.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

status_t store_range(const struct store *store, uint64_t page, uint32_t count, parcel_t *slots)
{
    if (page >= store->page_count || count == 0)
        return ERR_TOO_LARGE;
    uint64_t fit = least(count, store->page_count - page);
    fit = least(fit, PARCEL_ENTRIES - page % PARCEL_ENTRIES);
    *slots = parcel_make(STORE_BASE + page * PAGE_SIZE, 1, (unsigned)fit, PARCEL_NONE, 0);
    return OK;
}
