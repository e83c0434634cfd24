// Takes the boot module, as many pages as a parcel holds with each system call.

#include "store.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/system.h>
#include <string.h>

// What is behind the image's end in its last page is not the image's: the page is replaced by a
// copy that is zero there. The page came read-only, so it cannot be cleared in place.
static status_t tail_clear(const struct store *store)
{
    uint64_t used = store->size_bytes % PAGE_SIZE;
    if (used == 0)
        return OK;
    uaddr_t last = STORE_BASE + (store->page_count - 1) * PAGE_SIZE;
    void *copy;
    status_t status = pages_allocate(1, &copy);
    if (status != OK)
        return status;
    memcpy(copy, (const void *)last, used);
    status = system_memory_free(pages_parcel(last, 1, PARCEL_NONE, 0));
    if (status == OK)
        status =
            system_parcel_move(HANDLE_NONE, pages_parcel((uaddr_t)copy, 1, PARCEL_GIVE, 0), last);
    if (status == OK)
        slots_free((uaddr_t)copy, 1);
    return status;
}

static status_t module_move(const struct store *store, handle_t module)
{
    for (uint64_t page = 0; page < store->page_count; page += PARCEL_ENTRIES) {
        parcel_t slots;
        status_t status = store_range(store, page, PARCEL_ENTRIES, &slots);
        if (status == OK)
            status = system_module_open(module, page, slots);
        if (status != OK) {
            log_error("image: cannot take page %lu of %lu: %s", page, store->page_count,
                      status_text(status));
            return status;
        }
    }
    return OK;
}

static status_t module_size(handle_t module, uint64_t *size_bytes)
{
    uint64_t type;
    if (module == HANDLE_NONE) {
        log_error("image: there is no such boot module");
        return ERR_NO_SERVICE;
    }
    status_t status = system_handle_query(module, &type, size_bytes);
    if (status == OK && (type & 0xff) != OBJECT_MODULE)
        status = ERR_WRONG_TYPE;
    if (status != OK) {
        log_error("image: %s", status_text(status));
        return status;
    }
    if (*size_bytes == 0) {
        log_error("image: the boot module is empty");
        return ERR_BAD_FORMAT;
    }
    return OK;
}

status_t store_open(struct store *store, handle_t module)
{
    *store = (struct store){};
    struct store opened;
    status_t status = module_size(module, &opened.size_bytes);
    if (status != OK)
        return status;
    opened.page_count = opened.size_bytes / PAGE_SIZE + (opened.size_bytes % PAGE_SIZE != 0);
    status = module_move(&opened, module);
    if (status == OK)
        status = tail_clear(&opened);
    if (status == OK)
        *store = opened;
    return status;
}
