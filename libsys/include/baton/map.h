// Files as memory: pages that are read when they are first touched, by the memory server.
#pragma once

#include <abi/message.h>
#include <abi/status.h>

// Maps `pages` pages (1 to 256, in one table) of an open file, from page number `page` of it on, to
// an address where nothing is. They are charged at once, and are one's own copy if they may be
// written. The descriptor may be closed afterwards. Free them like any memory (parcel_free). A page
// behind the end of the file, or that cannot be read, ends the process that touches it. Errors:
// file.share and memory.map; ERR_NOT_FOUND: no handle "memory".
status_t file_map(handle_t file, uint32_t fd, uint64_t page, unsigned pages, uaddr_t address,
                  bool writable);
