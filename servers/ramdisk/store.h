// The image: pages of a boot module, which were given to this process and lie in neighbouring
// slots, from STORE_BASE on.
#pragma once

#include <abi/message.h>
#include <abi/status.h>
#include <abi/types.h>

// Far from all else in the address space; tables begin where its tables do.
static constexpr uaddr_t STORE_BASE = 0x0010'0000'0000;

struct store {
    uint64_t size_bytes;
    uint64_t page_count;
};

// The slots that hold pages `page` to `page + count - 1`, cut to what lies in one table, and to
// what there is. ERR_TOO_LARGE: the first page is past the end.
status_t store_range(const struct store *store, uint64_t page, uint32_t count, parcel_t *slots);

// Moves a module's pages into the store. ERR_NO_SERVICE: no module; ERR_BAD_FORMAT: it is empty;
// errors of module_open. Each is logged.
status_t store_open(struct store *store, handle_t module);
