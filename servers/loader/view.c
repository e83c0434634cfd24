// Reading a file through one landing window.

#include "view.h"

#include "loader.h"

#include <baton/log.h>
#include <baton/parcel.h>

#include <protocols/file.h>

#include <string.h>

static constexpr unsigned WINDOW_PAGES = 16; // what a landing window takes

status_t view_open(struct view *view, const char *path)
{
    *view = (struct view){};
    enum file_kind kind;
    uint64_t inode, generation;
    status_t status = file_open(services.file, path, FILE_MODE_READ, &view->fd, &kind, &view->size,
                                &inode, &generation);
    if (status != OK || kind == FILE_KIND_REGULAR)
        return status;
    view_close(view);
    return ERR_NOT_EXECUTABLE;
}

static void let_go(struct view *view)
{
    if (view->bytes != 0 && landing_free(view->landed) != OK)
        log_warning("a page that was read cannot be freed");
    view->bytes = 0;
}

void view_close(struct view *view)
{
    let_go(view);
    status_t status = file_close(services.file, view->fd);
    if (status != OK)
        log_warning("cannot close a file: %s", status_text(status));
}

// Reads up to so many pages from a page-aligned offset on.
static void window_fill(struct view *view, uint64_t offset, unsigned pages)
{
    let_go(view);
    view->offset = offset;
    if (file_read(services.file, view->fd, pages, offset, &view->bytes, &view->landed) != OK)
        view->bytes = 0;
}

static bool window_has(const struct view *view, uint64_t offset)
{
    return view->bytes != 0 && offset - view->offset < view->bytes;
}

// Has the byte at an offset in the window; false if it cannot be read.
static bool window_move(struct view *view, uint64_t offset)
{
    static constexpr uint64_t SIZE = WINDOW_PAGES * PAGE_SIZE;
    if (!view->failed && !window_has(view, offset))
        window_fill(view, offset - offset % SIZE, WINDOW_PAGES);
    // Fewer pages than asked for may have come.
    if (view->bytes != 0 && !window_has(view, offset))
        window_fill(view, offset - offset % PAGE_SIZE, 1);
    view->failed = !window_has(view, offset);
    return !view->failed;
}

bool view_read(void *context, uint64_t offset, void *to, size_t size)
{
    struct view *view = context;
    if (offset > view->size || size > view->size - offset)
        return false;
    for (size_t done = 0; done < size;) {
        if (!window_move(view, offset + done))
            return false;
        uint64_t into = offset + done - view->offset;
        size_t part = view->bytes - into < size - done ? view->bytes - into : size - done;
        memcpy((char *)to + done, (const char *)parcel_address(view->landed) + into, part);
        done += part;
    }
    return true;
}
