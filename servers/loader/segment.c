// A segment's pages: those of the file come as clones and move on to the process as they are; the
// part of the last page that is not the file's, and the pages behind it, are zero.

#include "loader.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/system.h>

#include <protocols/file.h>

#include <string.h>

static constexpr unsigned RUN_PAGES = 16; // what a landing window takes

struct placement {
    const struct executable *file;
    const struct image_segment *segment;
    handle_t process;
    uaddr_t first; // where the segment begins
    uint64_t rights;
};

// So many of `wanted` pages from a page of the segment on can one parcel name.
static unsigned in_one_parcel(const struct placement *to, uint64_t page, uint64_t wanted,
                             unsigned most)
{
    uint64_t index = (to->first >> PAGE_BITS) + page;
    uint64_t room = PARCEL_ENTRIES - index % PARCEL_ENTRIES;
    uint64_t count = wanted < room ? wanted : room;
    return count < most ? (unsigned)count : most;
}

// Reads pages of the file into a landing window. ERR_BAD_FORMAT: the file has become shorter.
static status_t pages_read(const struct placement *from, uint64_t page, unsigned count,
                           parcel_t *landed)
{
    uint32_t bytes;
    uint64_t offset = (from->segment->file_page + page) * PAGE_SIZE;
    status_t status =
        file_read(services.file, from->file->fd, count, offset, &bytes, landed);
    if (status != OK)
        return status;
    return bytes == 0 ? ERR_BAD_FORMAT : OK;
}

static status_t give(const struct placement *to, uaddr_t from, uint64_t page, unsigned count)
{
    parcel_t parcel = pages_parcel(from, count, PARCEL_GIVE, to->rights);
    return system_parcel_move(to->process, parcel, to->first + page * PAGE_SIZE);
}

// Gives a copy of the first bytes of pages that have landed, zero behind them.
static status_t give_copy(const struct placement *to, parcel_t landed, uint64_t page,
                          size_t size)
{
    unsigned count = parcel_count(landed);
    void *copy;
    status_t status = pages_allocate(count, &copy);
    if (status != OK)
        return status;
    memcpy(copy, (const void *)parcel_address(landed), size);
    status = give(to, (uaddr_t)copy, page, count);
    if (status == OK)
        slots_free((uaddr_t)copy, count);
    else
        pages_free(copy, count);
    return status;
}

// Gives what has landed. Pages that came without the right to write are copied if the segment
// needs it.
static status_t give_landed(const struct placement *to, parcel_t landed, uint64_t page)
{
    status_t status = give(to, parcel_address(landed), page, parcel_count(landed));
    if (status == OK)
        return landing_restore(parcel_address(landed));
    if (status == ERR_NO_RIGHT && to->segment->writable)
        status = give_copy(to, landed, page, parcel_size(landed));
    status_t freed = landing_free(landed);
    return status == OK ? freed : status;
}

static status_t whole_pages_place(const struct placement *to, uint64_t pages)
{
    for (uint64_t page = 0; page < pages;) {
        unsigned count = in_one_parcel(to, page, pages - page, RUN_PAGES);
        parcel_t landed;
        status_t status = pages_read(to, page, count, &landed);
        if (status != OK)
            return status;
        count = parcel_count(landed);
        status = give_landed(to, landed, page);
        if (status != OK)
            return status;
        page += count;
    }
    return OK;
}

static status_t tail_place(const struct placement *to, uint64_t page)
{
    parcel_t landed;
    status_t status = pages_read(to, page, 1, &landed);
    if (status != OK)
        return status;
    status = give_copy(to, landed, page, to->segment->tail);
    status_t freed = landing_free(landed);
    return status == OK ? freed : status;
}

static status_t zero_place(const struct placement *to, uint64_t page, uint64_t end)
{
    while (page < end) {
        unsigned count = in_one_parcel(to, page, end - page, PARCEL_ENTRIES);
        parcel_t slots = pages_parcel(to->first + page * PAGE_SIZE, count, PARCEL_NONE, to->rights);
        status_t status = system_memory_create(to->process, slots, MEMORY_ZERO);
        if (status != OK)
            return status;
        page += count;
    }
    return OK;
}

static status_t kept_place(const struct placement *to, uaddr_t kept)
{
    for (uint64_t page = 0; page < to->segment->file_pages;) {
        unsigned count =
            in_one_parcel(to, page, to->segment->file_pages - page, PARCEL_ENTRIES);
        parcel_t parcel =
            pages_parcel(kept + page * PAGE_SIZE, count, PARCEL_CLONE, to->rights);
        status_t status =
            system_parcel_move(to->process, parcel, to->first + page * PAGE_SIZE);
        if (status != OK)
            return status;
        page += count;
    }
    return OK;
}

static status_t file_place(const struct placement *to)
{
    // What is behind a read-only segment in its last page is the file's own, and may stay.
    bool clear_tail = to->segment->writable && to->segment->tail != 0;
    uint64_t whole = to->segment->file_pages - (clear_tail ? 1 : 0);
    status_t status = whole_pages_place(to, whole);
    return status == OK && clear_tail ? tail_place(to, whole) : status;
}

status_t segment_place(const struct executable *file, const struct image_segment *segment,
                       uaddr_t kept, handle_t process, uaddr_t base)
{
    struct placement to = {
        .file = file,
        .segment = segment,
        .process = process,
        .first = base + segment->page * PAGE_SIZE,
        .rights = (segment->writable ? PARCEL_WRITABLE : 0) |
                  (segment->executable ? PARCEL_EXECUTABLE : 0),
    };
    status_t status = kept != 0 ? kept_place(&to, kept) : file_place(&to);
    if (status == OK)
        status = zero_place(&to, segment->file_pages, segment->pages);
    return status;
}

// --- what is kept --------------------------------------------------------------------------------

// A copy of pages that have landed, zero behind the file's part of the segment.
static status_t copy_keep(const struct image_segment *segment, parcel_t landed, uint64_t page,
                          uaddr_t slots)
{
    uint64_t size = parcel_size(landed);
    bool last = page + parcel_count(landed) == segment->file_pages;
    if (last && segment->tail != 0)
        size -= PAGE_SIZE - segment->tail;
    parcel_t copy = pages_parcel(slots, parcel_count(landed), PARCEL_NONE, PARCEL_WRITABLE);
    status_t status = system_memory_create(HANDLE_NONE, copy, MEMORY_PAGES);
    if (status == OK)
        memcpy((void *)slots, (const void *)parcel_address(landed), size);
    return status;
}

status_t segment_keep(const struct executable *file, const struct image_segment *segment,
                      uaddr_t slots)
{
    struct placement from = {.file = file, .segment = segment};
    for (uint64_t page = 0; page < segment->file_pages;) {
        uint64_t left = segment->file_pages - page;
        parcel_t landed;
        status_t status =
            pages_read(&from, page, left < RUN_PAGES ? (unsigned)left : RUN_PAGES, &landed);
        if (status != OK)
            return status;
        uaddr_t to = slots + page * PAGE_SIZE;
        status = segment->writable ? copy_keep(segment, landed, page, to)
                                   : landing_take(landed, to);
        page += parcel_count(landed);
        if (status != OK || segment->writable) {
            status_t freed = landing_free(landed);
            status = status == OK ? freed : status;
        }
        if (status != OK)
            return status;
    }
    return OK;
}
