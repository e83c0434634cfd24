// Programs that were loaded lately: the pages of their files, so that the next process gets clones
// without a look at the file. What is kept of a file counts only while the file system says that
// the file is still the same one. Bounded; the one not used for longest makes room.
#pragma once

#include "loader.h"

static constexpr unsigned CACHE_PROGRAMS = 8;
static constexpr unsigned CACHE_PAGES = 32; // of one program's file: 256 frames in all
static constexpr unsigned CACHE_PATH_MAXIMUM = 119;

struct cached {
    char path[CACHE_PATH_MAXIMUM + 1]; // empty: free
    uint64_t inode, size, generation;  // of the file
    struct image image;
    uaddr_t pages; // those of the segments that come from the file, one segment behind the other
    unsigned count;
    uint64_t used; // a count of uses, when this was the latest
};

// What is kept of a file, or nullptr. Of another file with its path, nothing is kept any more.
const struct cached *cache_find(const struct executable *file);

// Keeps a file's headers, and has empty slots for its pages, which the caller fills or drops.
// nullptr: it has too many pages or too long a path, or there are no addresses.
struct cached *cache_add(const struct executable *file, const struct image *image);

// Frees the pages of a program.
void cache_drop(struct cached *cached);

// Frees all; false if there was nothing.
bool cache_clear(void);
