// What spawn.c shares with spawn_page.c.
#pragma once

#include <baton/spawn.h>
#include <baton/start.h>

// What goes into a child's start page.
struct start_data {
    const struct spawn *what;
    const struct start_handle *handles;
    uint32_t process;
    uaddr_t image;
    uint64_t image_size;
};

// Writes a start page into pages of one's own and moves them into the child. ERR_TOO_LARGE,
// ERR_NO_MEMORY, and errors of parcel_move.
status_t spawn_page_give(handle_t process, const struct start_data *data);
