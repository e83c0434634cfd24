// An open file as bytes at any offset: its pages are read as needed, a landing window at a time.
#pragma once

#include <abi/message.h>
#include <abi/status.h>

#include <stddef.h>

struct view {
    uint32_t fd;
    uint64_t size;    // of the file
    uint64_t offset;  // of what has landed
    uint32_t bytes;   // that have landed, 0 if none
    parcel_t landed;
    bool failed;      // a read went wrong; all that follow do too
};

// Opens a regular file. Errors: those of file.open; ERR_NOT_EXECUTABLE for another kind. Blocks.
status_t view_open(struct view *view, const char *path);

// A symbol_file's reader; the context is the view. Blocks.
bool view_read(void *view, uint64_t offset, void *to, size_t size);

// Gives everything back.
void view_close(struct view *view);
