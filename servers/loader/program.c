// From a path to a process that holds the program.

#include "cache.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/random.h>
#include <baton/system.h>
#include <abi/layout.h>

#include <protocols/file.h>
#include <protocols/memory.h>

static status_t verdict_status(enum image_verdict verdict)
{
    switch (verdict) {
    case IMAGE_GOOD:
        return OK;
    case IMAGE_NOT_ELF:
        return ERR_NOT_EXECUTABLE;
    case IMAGE_UNSUPPORTED:
        return ERR_UNSUPPORTED;
    case IMAGE_DAMAGED:
        return ERR_BAD_FORMAT;
    case IMAGE_TOO_LARGE:
        return ERR_TOO_LARGE;
    }
    return ERR_BAD_FORMAT;
}

// Reads the headers, which are all in the first page, and lets the page go.
static status_t headers_read(const struct executable *file, struct image *image)
{
    if (file->size == 0) {
        log_warning("%s: the file is empty", file->path);
        return ERR_NOT_EXECUTABLE;
    }
    uint32_t bytes;
    parcel_t landed;
    status_t status = file_read(services.file, file->fd, 1, 0, &bytes, &landed);
    if (status != OK)
        return status;
    if (bytes == 0)
        return ERR_NOT_EXECUTABLE;
    const char *reason;
    enum image_verdict verdict = image_read((const void *)parcel_address(landed), bytes,
                                            file->size, image, &reason);
    if (verdict != IMAGE_GOOD)
        log_warning("%s: %s", file->path, reason);
    status = landing_free(landed);
    return verdict == IMAGE_GOOD ? status : verdict_status(verdict);
}

// A multiple of 2 MiB at which the image and a hole behind it fit.
static uaddr_t base_choose(const struct image *image)
{
    static constexpr uint64_t STEP = PAGE_SIZE * TABLE_ENTRIES;
    uint64_t room = LAYOUT_IMAGE_LAST - LAYOUT_IMAGE_FIRST - (image->pages + 1) * PAGE_SIZE;
    return LAYOUT_IMAGE_FIRST + random_below(room / STEP) * STEP;
}

// Has the program kept, or returns nullptr: then its file is read again.
static const struct cached *program_keep(const struct executable *file, const struct image *image)
{
    struct cached *cached = cache_add(file, image);
    if (!cached)
        return nullptr;
    uaddr_t slots = cached->pages;
    status_t status = OK;
    for (unsigned i = 0; status == OK && i < image->segment_count; i++) {
        status = segment_keep(file, &image->segment[i], slots);
        slots += image->segment[i].file_pages * PAGE_SIZE;
    }
    if (status == OK)
        return cached;
    cache_drop(cached);
    if (status == ERR_NO_MEMORY)
        (void)cache_clear();
    return nullptr;
}

// The image's pages are kept one segment behind the other at `kept`, or nowhere: 0.
static status_t image_place(const struct executable *file, const struct image *image, uaddr_t kept,
                            struct loaded *loaded)
{
    loaded->image = base_choose(image);
    loaded->image_size = image->pages * PAGE_SIZE;
    loaded->entry = loaded->image + image->entry;
    for (unsigned i = 0; i < image->segment_count; i++) {
        status_t status =
            segment_place(file, &image->segment[i], kept, loaded->process, loaded->image);
        if (status != OK) {
            log_warning("%s: segment %u does not go into its process: %s", file->path, i,
                        status_text(status));
            return status;
        }
        if (kept != 0)
            kept += image->segment[i].file_pages * PAGE_SIZE;
    }
    return OK;
}

static status_t executable_load(const struct executable *file, uint64_t limit, const char *name,
                                struct loaded *loaded)
{
    struct image read;
    const struct cached *cached = cache_find(file);
    status_t status = cached ? OK : headers_read(file, &read);
    if (status != OK)
        return status;
    if (!cached)
        cached = program_keep(file, &read);
    const struct image *image = cached ? &cached->image : &read;
    status = memory_open(services.memory, limit, name, &loaded->process);
    if (status != OK) {
        log_warning("%s: no process with %lu frames: %s", file->path, limit, status_text(status));
        return status;
    }
    status = image_place(file, image, cached ? cached->pages : 0, loaded);
    if (status != OK) {
        // The half-made process takes with it what it was given.
        (void)system_process_end(loaded->process, 0);
        (void)system_handle_close(loaded->process);
    }
    return status;
}

status_t program_place(const char *path, uint64_t limit, const char *name, struct loaded *loaded)
{
    struct executable file = {.path = path};
    enum file_kind kind;
    status_t status = file_open(services.file, path, FILE_MODE_READ, &file.fd, &kind, &file.size,
                                &file.inode, &file.generation);
    if (status != OK)
        return status;
    if (kind == FILE_KIND_REGULAR) {
        status = executable_load(&file, limit, name, loaded);
        // Of a program that is kept, all that can be short is the new process's.
        if (status == ERR_NO_MEMORY && !cache_find(&file) && cache_clear())
            status = executable_load(&file, limit, name, loaded);
    } else {
        status = kind == FILE_KIND_DIRECTORY ? ERR_IS_DIRECTORY : ERR_NOT_EXECUTABLE;
    }
    status_t closed = file_close(services.file, file.fd);
    if (closed != OK)
        log_warning("%s: cannot close: %s", path, status_text(closed));
    return status;
}
