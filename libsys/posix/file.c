// Reading files: whole pages come as clones, land, move to the descriptor's own place, and are
// copied from there. Reading on asks for twice as many pages each time, up to RUN_PAGES.

#include "internal.h"

#include <baton/parcel.h>

#include <protocols/file.h>

#include <string.h>

static constexpr unsigned RUN_PAGES = 16;

void file_forget_run(struct descriptor *file)
{
    if (file->run_pages > 0)
        pages_free((void *)file->slots, file->run_pages);
    if (file->run_pages == 0 && file->slots)
        slots_free(file->slots, RUN_PAGES);
    else if (file->run_pages > 0)
        slots_free(file->slots + file->run_pages * PAGE_SIZE, RUN_PAGES - file->run_pages);
    file->slots = 0;
    file->run_pages = 0;
    file->run_bytes = 0;
}

// Takes what has landed as the file's new run.
static status_t run_take(struct descriptor *file, uint64_t offset, uint32_t bytes, parcel_t landed)
{
    file_forget_run(file);
    file->slots = slots_allocate(RUN_PAGES);
    status_t status = file->slots ? landing_take(landed, file->slots) : ERR_NO_MEMORY;
    if (status != OK) {
        (void)landing_free(landed);
        return status;
    }
    file->run_pages = parcel_count(landed);
    file->run_offset = offset;
    file->run_bytes = bytes;
    return OK;
}

// Brings the pages from an offset on; leaves an empty run at the end of the file.
static status_t run_load(struct descriptor *file, uint64_t offset, size_t wanted)
{
    bool reading_on = offset == file->run_offset + file->run_bytes && file->run_bytes > 0;
    unsigned pages = reading_on ? file->next_pages : 1;
    if (wanted > pages * PAGE_SIZE)
        pages = wanted / PAGE_SIZE >= RUN_PAGES ? RUN_PAGES : pages_for(wanted);
    file->next_pages = pages * 2 < RUN_PAGES ? pages * 2 : RUN_PAGES;
    uint32_t bytes;
    parcel_t landed;
    status_t status = file_read(file->port, file->remote, pages, offset, &bytes, &landed);
    if (status != OK)
        return status;
    if (bytes == 0) {
        file->run_bytes = 0;
        return OK;
    }
    if (parcel_count(landed) > RUN_PAGES || bytes > parcel_size(landed)) {
        (void)landing_free(landed);
        return ERR_BAD_MESSAGE;
    }
    return run_take(file, offset, bytes, landed);
}

ssize_t file_read_bytes(struct descriptor *file, void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        uint64_t within = file->offset - file->run_offset;
        if (file->offset < file->run_offset || within >= file->run_bytes) {
            uint64_t first = file->offset & ~(PAGE_SIZE - 1);
            status_t status = run_load(file, first, size - done + (file->offset - first));
            if (status != OK)
                return done > 0 ? (ssize_t)done : posix_fail(status);
            within = file->offset - first;
            if (within >= file->run_bytes)
                break; // the end of the file
        }
        size_t part = file->run_bytes - within;
        part = part < size - done ? part : size - done;
        memcpy((char *)buffer + done, (const char *)file->slots + within, part);
        done += part;
        file->offset += part;
    }
    return (ssize_t)done;
}
