#include "memory/fault_fast.h"

#include "hal/string.h"
#include "memory/tlb.h"

bool fault_fast_shared(struct space *space, uaddr_t address, cell_t *cell, entry_t entry) {
    struct frame *shared = entry_frame(entry), *copy;
    bool simple = (entry & (ENTRY_WRITE | ENTRY_WRITABLE)) == ENTRY_WRITABLE &&
                  shared != zero_frame &&
                  __c11_atomic_load(&space->runners, __ATOMIC_SEQ_CST) <= 1 &&
                  __c11_atomic_load(&shared->references, __ATOMIC_ACQUIRE) != 1 &&
                  frame_allocate(0, FRAME_PAGE, &copy) == OK;
    if (!simple) {
        spinlock_release(&space->lock);
        return false;
    }
    page_copy(frame_contents(copy), frame_contents(shared));
    entry = cell_exchange(cell, frame_address(copy) | ENTRY_WRITE | (entry & ~ENTRY_ADDRESS));
    tlb_changed(space, address, 1);
    tlb_release(entry, 1);
    spinlock_release(&space->lock);
    tlb_wait();
    return true;
}
