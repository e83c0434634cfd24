// A disk in memory: serves `block`, readable and writable, from the pages of the boot module
// "space". What is read are clones; what is written is copied in, so clones that were read before
// stay.

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/start.h>
#include <baton/system.h>

#include <protocols/block.h>

#include <string.h>

// Far from all else in the address space; tables begin where its tables do.
static constexpr uaddr_t BASE = 0x0010'0000'0000;

static uint64_t page_count;

static uaddr_t page_address(uint64_t page)
{
    return BASE + page * PAGE_SIZE;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static status_t answer_info(struct request *request, struct block_info_results *results)
{
    (void)request;
    results->size_bytes = page_count * PAGE_SIZE;
    results->page_bytes = PAGE_SIZE;
    return OK;
}

// As in one parcel: it does not cross the end of a table.
static status_t answer_read(struct request *request, uint64_t page, uint32_t count,
                            struct block_read_results *results)
{
    (void)request;
    if (page >= page_count)
        return ERR_TOO_LARGE;
    uint64_t fit = least(least(count, page_count - page), PARCEL_ENTRIES - page % PARCEL_ENTRIES);
    results->data = pages_parcel(page_address(page), (unsigned)fit, PARCEL_NONE, 0);
    return OK;
}

static status_t answer_write(struct request *request, uint64_t page, parcel_t data)
{
    (void)request;
    uint64_t size = parcel_size(data);
    if (page > page_count || size > (page_count - page) * PAGE_SIZE)
        return ERR_TOO_LARGE;
    memcpy((void *)page_address(page), (const void *)parcel_address(data), size);
    return OK;
}

static status_t space_take(handle_t module)
{
    uint64_t type, size_bytes;
    status_t status = system_handle_query(module, &type, &size_bytes);
    uint64_t pages = size_bytes / PAGE_SIZE;
    for (uint64_t page = 0; status == OK && page < pages; page += PARCEL_ENTRIES)
        status = system_module_open(module, page,
                                    pages_parcel(page_address(page),
                                                 (unsigned)least(PARCEL_ENTRIES, pages - page),
                                                 PARCEL_NONE, PARCEL_WRITABLE));
    page_count = status == OK ? pages : 0;
    return status;
}

int main(void)
{
    static const struct block_server handlers = {
        .info = answer_info, .read = answer_read, .write = answer_write};
    const struct start_handle *port = start_handle_at(0);
    status_t status = space_take(start_handle("space"));
    if (status == OK)
        log_info("%lu pages", page_count);
    else
        log_error("space: %s", status_text(status));
    struct server server = {.port = port != nullptr ? port->handle : HANDLE_NONE,
                            .protocols = {block_serve(&handlers)}};
    status = server_run(&server);
    log_error("cannot receive: %s", status_text(status));
    return 1;
}
