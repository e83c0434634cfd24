#include "wait.h"

#include <baton/log.h>
#include <baton/parcel.h>

#include <string.h>

struct waiting {
    handle_t reply;
    uint32_t what;
};

static constexpr unsigned WAITING_MOST = 256;

static struct waiting waiting[WAITING_MOST];
static unsigned count; // in order of arrival

status_t wait_keep(struct request *request, uint32_t what)
{
    struct kept_request kept;
    if (count == WAITING_MOST || request_keep(request, &kept) != OK)
        return OK;
    waiting[count++] = (struct waiting){kept.reply, what};
    return REQUEST_KEPT;
}

static unsigned find(uint32_t what)
{
    unsigned i = 0;
    while (i < count && waiting[i].what != what)
        i++;
    return i;
}

bool wait_exists(uint32_t what)
{
    return find(what) != count;
}

uint32_t wait_first_page(void)
{
    unsigned i = 0;
    while (i < count && waiting[i].what == WAITS_FOR_FRAME)
        i++;
    return i < count ? waiting[i].what : WAITS_FOR_FRAME;
}

// Answers one; whoever waits no more has lost nothing.
static status_t answer(unsigned index, struct message *message)
{
    handle_t reply = waiting[index].reply;
    status_t status = message_reply(reply, message);
    if (status != OK && status != ERR_CANCELLED)
        return status;
    count--;
    memmove(&waiting[index], &waiting[index + 1], (count - index) * sizeof *waiting);
    return status;
}

void wait_answer(uint32_t what, status_t status)
{
    for (unsigned i; (i = find(what)) != count;)
        (void)answer(i, &(struct message){.tag = (uint16_t)status});
}

bool wait_give(uint32_t what, uaddr_t page, bool *stale)
{
    parcel_t parcel = pages_parcel(page, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    status_t status = ERR_CANCELLED;
    for (unsigned i; status == ERR_CANCELLED && (i = find(what)) != count;)
        status = answer(i, &(struct message){.parcel = parcel});
    *stale = status == ERR_OCCUPIED;
    bool gone = *stale || status == ERR_CANCELLED; // the place, or who waited
    if (status != OK && !gone)
        log_warning("a page does not go back where it was: %s", status_text(status));
    wait_answer(what, gone ? OK : status);
    return status == OK;
}
