// Files in the memory of processes that this server opened: pages that are read from whoever serves
// `file` when they are first touched.
//
// A mapping is a run of up to 256 pages of a process, and as many of a file. Its pages have
// cookies: the mapping's number times 256, and the page. It ends when each page has been brought
// in, or freed, which the kernel marks by the cookie's bit; then its descriptor is closed. All
// reads are begun, by a call object of the mapping's own: a `file` server that does not answer is
// waited for by its own clients alone.
#pragma once

#include <baton/server.h>

static constexpr uint64_t MAP_BADGE = 1 << 16; // badges of its call objects are above this one

// Has calls complete at this port.
void map_prepare(handle_t port);

// Methods `map` and `pager`.
status_t map_open(struct request *request, handle_t file, uint32_t fd, uint64_t page,
                  uint32_t pages, uint64_t address, bool writable);
struct memory_pager_results;
status_t map_pager(struct request *request, struct memory_pager_results *results);

// A process touched a page with this cookie.
status_t map_faulted(struct request *request, uint32_t process, uint64_t cookie);

// What came of a call with such a badge.
void map_completed(const struct server_completion *completion);

// A process has ended.
void map_forget(uint32_t process);
