#include "debug/peek.h"

#include <abi/layout.h>

#include "memory/path.h"

bool space_peek(struct space *space, uaddr_t address, uint64_t *value) {
    struct path path;
    if (address >= LAYOUT_LIMIT || address % sizeof(*value) != 0)
        return false;
    spinlock_acquire(&space->lock);
    path_find(space, address, 1, &path);
    entry_t entry = cell_load(path.cells);
    bool present = (~entry & (ENTRY_PRESENT | ENTRY_USER)) == 0;
    if (present) { // a page, or an entry of a large one
        uint64_t offset = address % level_size(path.level);
        *value = ((const uint64_t *)frame_contents(entry_frame(entry)))[offset / sizeof(*value)];
    }
    spinlock_release(&space->lock);
    return present;
}
