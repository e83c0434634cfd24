#include "stack.h"

#include "evict.h"
#include "map.h"
#include "swap.h"

#include <abi/layout.h>
#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/system.h>

static uaddr_t next_page; // where the page lies that is given next

bool stack_prepare(void)
{
    next_page = slots_allocate(1);
    return next_page != 0;
}

// Answers with a page, which the process pays for; one that was refused last time is still there.
static status_t stack_grow(struct request *request, uaddr_t address)
{
    status_t status = system_memory_create(
        HANDLE_NONE, pages_parcel(next_page, 1, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES);
    if (status != OK && status != ERR_OCCUPIED) {
        log_warning("no page for the stack of process %u at 0x%lx: %s",
                    (uint32_t)request->badge, address, status_text(status));
        return status;
    }
    request->message.parcel = pages_parcel(next_page, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    return OK;
}

static bool is_stack(uaddr_t address)
{
    return address >= LAYOUT_STACK_TOP - LAYOUT_STACK_MAXIMUM && address < LAYOUT_STACK_TOP;
}

status_t process_faulted(struct server *server, struct request *request)
{
    (void)server;
    uaddr_t address = request->message.word[0];
    uint64_t what = request->message.word[1], cookie = request->message.word[2];
    request->message = (struct message){};
    if (what & TOUCH_NO_FRAME)
        return evict_faulted(request);
    if ((what & TOUCH_PAGER) && swap_has_cookie(cookie))
        return swap_faulted(request, (uint32_t)request->badge, address, cookie);
    if (what & TOUCH_PAGER)
        return map_faulted(request, (uint32_t)request->badge, cookie);
    if ((what & TOUCH_EMPTY) && !(what & TOUCH_EXECUTE) && is_stack(address))
        return stack_grow(request, address);
    return ERR_EMPTY;
}
