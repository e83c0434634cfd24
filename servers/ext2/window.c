// Each kind of page has slots of its own, found once and used again.

#include "window.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/system.h>
#include <protocols/block.h>

static uaddr_t fresh_slots;
static unsigned fresh_count; // pages there now
static uaddr_t zero_slots;
static uaddr_t gift_slot;

status_t window_slots(unsigned count, uaddr_t *slots)
{
    *slots = slots_allocate(count);
    return *slots ? OK : ERR_NO_MEMORY;
}

// A client is told what it can act on; the rest is in the log.
static status_t load_failed(status_t status, uint64_t page)
{
    log_error("block.read of page %lu: %s", page, status_text(status));
    return status == ERR_NO_MEMORY || status == ERR_NO_FRAME ? ERR_NO_MEMORY : ERR_IO;
}

status_t window_load(handle_t block, uint64_t page, unsigned limit, uaddr_t slots, unsigned *count)
{
    parcel_t landed;
    status_t status = block_read(block, page, limit, &landed);
    if (status != OK)
        return load_failed(status, page);
    status = landing_take(landed, slots);
    if (status != OK) {
        (void)!landing_free(landed);
        return load_failed(status, page);
    }
    *count = parcel_count(landed);
    return OK;
}

void window_drop(uaddr_t slots, unsigned count)
{
    if (count == 0)
        return;
    status_t status = system_memory_free(pages_parcel(slots, count, PARCEL_NONE, 0));
    if (status != OK)
        log_warning("cannot free %u pages at 0x%lx: %s", count, slots, status_text(status));
}

status_t window_fresh(unsigned count, uaddr_t *slots)
{
    if (!fresh_slots && window_slots(WINDOW_PAGES, &fresh_slots) != OK)
        return ERR_NO_MEMORY;
    // Clients may still have clones of these pages: new ones cost less than breaking them.
    window_drop(fresh_slots, fresh_count);
    fresh_count = 0;
    parcel_t pages = pages_parcel(fresh_slots, count, PARCEL_NONE, PARCEL_WRITABLE);
    if (system_memory_create(HANDLE_NONE, pages, MEMORY_PAGES) != OK)
        return ERR_NO_MEMORY;
    fresh_count = count;
    *slots = fresh_slots;
    return OK;
}

status_t window_gift(uaddr_t *slot)
{
    if (!gift_slot && window_slots(1, &gift_slot) != OK)
        return ERR_NO_MEMORY;
    parcel_t page = pages_parcel(gift_slot, 1, PARCEL_NONE, PARCEL_WRITABLE);
    status_t status = system_memory_create(HANDLE_NONE, page, MEMORY_PAGES);
    if (status == ERR_OCCUPIED) {
        window_drop(gift_slot, 1);
        status = system_memory_create(HANDLE_NONE, page, MEMORY_PAGES);
    }
    *slot = gift_slot;
    return status == OK ? OK : ERR_NO_MEMORY;
}

status_t window_zeros(uaddr_t *slots)
{
    if (!zero_slots) {
        uaddr_t made = slots_allocate(WINDOW_PAGES);
        parcel_t pages = pages_parcel(made, WINDOW_PAGES, PARCEL_NONE, 0);
        if (!made)
            return ERR_NO_MEMORY;
        if (system_memory_create(HANDLE_NONE, pages, MEMORY_ZERO) != OK) {
            slots_free(made, WINDOW_PAGES);
            return ERR_NO_MEMORY;
        }
        zero_slots = made;
    }
    *slots = zero_slots;
    return OK;
}
