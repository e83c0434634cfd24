// Faults on pages of files that wait to be read, in order of arrival.
#pragma once

#include <baton/server.h>

// Keeps the fault in hand. False: there is no room.
bool map_wait_keep(struct request *request, uint32_t cookie);

// The first that waits for one of `count` cookies; false: none does.
bool map_wait_find(uint32_t first, unsigned count, uint32_t *cookie);

// The same, which waits no more: the reply is to be answered. `cookie` may be nullptr.
bool map_wait_take(uint32_t first, unsigned count, uint32_t *cookie, handle_t *reply);
