// Pages of the image in memory: clones that `block` gave, mapped until their place is needed.
//
// Two kinds of places. Runs hold neighbouring pages of the image in neighbouring slots: file data,
// which goes to clients as one parcel, and is read ahead. Single pages hold what the core looks
// into: inodes, lists of blocks, directories; a page has four places where it can be, so that a
// look-up compares four numbers. In both, the place used longest ago is emptied first.
//
// Every page is charged to this server as long as it is here (CACHE_FRAMES in all), whoever else
// has a clone of it.
#pragma once

#include "window.h"

#include <abi/status.h>
#include <abi/types.h>

static constexpr unsigned CACHE_RUNS = 8;
static constexpr unsigned CACHE_RUN_PAGES = 16;
static constexpr unsigned CACHE_SETS = 16;
static constexpr unsigned CACHE_WAYS = 4;
static constexpr unsigned CACHE_FRAMES = CACHE_RUNS * CACHE_RUN_PAGES + CACHE_SETS * CACHE_WAYS;

struct cache_line {
    uint64_t first_page;
    unsigned count; // pages here, 0: empty
    uaddr_t slots;
    uint64_t last_use;
};

struct cache {
    handle_t block;
    uint64_t page_count; // of the image
    uint64_t uses;       // look-ups so far: the clock
    uint64_t misses;
    struct cache_line runs[CACHE_RUNS];
    struct cache_line singles[CACHE_SETS][CACHE_WAYS];
};

// An empty cache of an image. ERR_NO_MEMORY: no address space.
status_t cache_open(struct cache *cache, handle_t block, uint64_t size_bytes);

// One page, as struct ext2_device wants it; the context is the cache. ERR_IO, ERR_NO_MEMORY.
status_t cache_page(void *context, uint64_t page_index, const void **page);

// Neighbouring pages, 1 to `limit` (at most CACHE_RUN_PAGES), in neighbouring slots of one table.
// They stay until the next call here. ERR_IO, ERR_NO_MEMORY.
status_t cache_run(struct cache *cache, uint64_t page_index, unsigned limit, uaddr_t *slots,
                   unsigned *count);
