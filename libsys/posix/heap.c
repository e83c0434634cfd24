// sbrk: the heap grows in steps of STEP_PAGES, charged to the program's account.

#include <baton/parcel.h>
#include <baton/system.h>
#include <abi/layout.h>

#include <errno.h>
#include <unistd.h>

static constexpr unsigned STEP_PAGES = 16; // divides a table, so that a step never straddles two

static uaddr_t heap_end = LAYOUT_HEAP; // of what is handed out
static uaddr_t heap_made = LAYOUT_HEAP; // of what is there

static status_t heap_grow(uaddr_t end)
{
    while (heap_made < end) {
        parcel_t slots = pages_parcel(heap_made, STEP_PAGES, PARCEL_NONE, PARCEL_WRITABLE);
        status_t status = system_memory_create(HANDLE_NONE, slots, MEMORY_ZERO);
        if (status != OK)
            return status;
        heap_made += STEP_PAGES * PAGE_SIZE;
    }
    return OK;
}

void *sbrk(ptrdiff_t increment)
{
    static constexpr uaddr_t LIMIT = LAYOUT_STACK_TOP - 2 * LAYOUT_STACK_MAXIMUM;
    uaddr_t before = heap_end;
    bool grows = increment > 0;
    if (grows ? (uint64_t)increment > LIMIT - before
              : -(uint64_t)increment > before - LAYOUT_HEAP) {
        errno = ENOMEM;
        return (void *)-1;
    }
    if (grows && heap_grow(before + (uint64_t)increment) != OK) {
        errno = ENOMEM;
        return (void *)-1;
    }
    heap_end = before + (uint64_t)increment;
    return (void *)before;
}
