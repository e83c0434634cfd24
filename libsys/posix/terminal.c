// Terminal input and output. Lends pages of its own: the caller's hold other things too.

#include "internal.h"

#include <baton/parcel.h>
#include <baton/time.h>

#include <protocols/terminal.h>

#include <string.h>

static constexpr size_t SHORT_BYTES = 39;
static constexpr unsigned BUFFER_PAGES = 4;

[[gnu::aligned(PAGE_SIZE)]] static char buffer_pages[BUFFER_PAGES * PAGE_SIZE];

ssize_t terminal_read_bytes(handle_t port, void *buffer, size_t size)
{
    if (size == 0)
        return 0;
    uint32_t count, limit = size < PAGE_SIZE ? (uint32_t)size : (uint32_t)PAGE_SIZE;
    parcel_t landed;
    status_t status = terminal_read_until(port, limit, &count, &landed, DEADLINE_NEVER);
    if (status != OK)
        return posix_fail(status);
    if (count == 0)
        return 0;
    if (count <= limit)
        memcpy(buffer, (const void *)parcel_address(landed), count);
    else
        status = ERR_BAD_MESSAGE;
    status_t freed = landing_free(landed);
    status = status == OK ? freed : status;
    return status == OK ? (ssize_t)count : posix_fail(status);
}

static status_t write_part(handle_t port, const char *text, size_t size, uint32_t *written)
{
    if (size <= SHORT_BYTES)
        return terminal_write_short(port, text, (uint32_t)size, written);
    memcpy(buffer_pages, text, size);
    parcel_t parcel = pages_parcel((uaddr_t)buffer_pages, pages_for(size), PARCEL_NONE, 0);
    return terminal_write_until(port, parcel, 0, (uint32_t)size, written, DEADLINE_NEVER);
}

ssize_t terminal_write_bytes(handle_t port, const void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        size_t part = size - done < sizeof buffer_pages ? size - done : sizeof buffer_pages;
        uint32_t written;
        status_t status = write_part(port, (const char *)buffer + done, part, &written);
        if (status == OK && (written == 0 || written > part))
            status = ERR_IO;
        if (status != OK)
            return done > 0 ? (ssize_t)done : posix_fail(status);
        done += written;
    }
    return (ssize_t)done;
}
