// The only part of the server that moves memory: where pages of the image arrive, and pages of its
// own. What is above it (cache.c, reader.c) builds on the host with another one below.
#pragma once

#include <abi/status.h>
#include <abi/types.h>

// Neighbouring empty slots in one table, for good. ERR_NO_MEMORY.
status_t window_slots(unsigned count, uaddr_t *slots);

// Has `block` clone pages into empty slots: 1 to `limit`, `count` tells how many. ERR_IO (logged),
// ERR_NO_MEMORY.
status_t window_load(handle_t block, uint64_t page, unsigned limit, uaddr_t slots, unsigned *count);

// Empties slots.
void window_drop(uaddr_t slots, unsigned count);

// Zeroed, writable pages (at most WINDOW_PAGES) in neighbouring slots, until the next call.
// ERR_NO_MEMORY.
status_t window_fresh(unsigned count, uaddr_t *slots);

// One zeroed, writable page to give away. What the last call gave out is gone if nobody took it.
// ERR_NO_MEMORY.
status_t window_gift(uaddr_t *slot);

// Pages that hold zeros (WINDOW_PAGES) and are only read. ERR_NO_MEMORY.
status_t window_zeros(uaddr_t *slots);

static constexpr unsigned WINDOW_PAGES = 16;
