#include "stack.h"

#include "evict.h"
#include "map.h"
#include "swap.h"

#include <abi/layout.h>
#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/system.h>

static uaddr_t next_page; // where the page lies that is given next
static bool next_is_there;

bool stack_prepare(void)
{
    next_page = slots_allocate(1);
    return next_page != 0;
}

static status_t next_page_make(void)
{
    if (next_is_there)
        return OK;
    status_t status = system_memory_create(
        HANDLE_NONE, pages_parcel(next_page, 1, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES);
    next_is_there = status == OK;
    return status;
}

// Answers with a page, which the process pays for.
static status_t stack_grow(uint32_t process, uaddr_t address)
{
    status_t status = next_page_make();
    if (status == OK) {
        struct message answer = {
            .parcel = pages_parcel(next_page, 1, PARCEL_GIVE, PARCEL_WRITABLE)};
        status = message_reply(HANDLE_NONE, &answer);
        next_is_there = status != OK;
    }
    if (status == OK || status == ERR_CANCELLED) // its process has ended meanwhile
        return REQUEST_KEPT;
    if (status == ERR_OCCUPIED) // another of its threads was faster: touch again
        return OK;
    log_warning("the stack of process %u does not grow down to 0x%lx: %s", process, address,
                status_text(status));
    return status;
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
        return stack_grow((uint32_t)request->badge, address);
    return ERR_EMPTY;
}
