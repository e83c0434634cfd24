// What generated client stubs are made of: the pages that carry arguments, and the call itself.

#include <baton/client.h>
#include <baton/parcel.h>
#include <baton/system.h>
#include <baton/time.h>
#include <string.h>

// Until the constructor has run: seconds, whatever the clock.
ticks_t client_default_ticks = 10'000'000'000;

[[gnu::constructor]] static void set_default_deadline(void)
{
    client_default_ticks = ticks_from_ns(DEADLINE_DEFAULT_NS);
}

status_t client_outcome(uint64_t rax, uint64_t tag, parcel_t parcel, uint64_t handles_low,
                        uint64_t handles_high)
{
    struct message message = {.tag = tag, .parcel = parcel};
    message_set_handle_pair(&message, 0, handles_low);
    message_set_handle_pair(&message, 1, handles_high);
    status_t status = message_status(rax);
    if (status == OK)
        status = message_reply_status(&message);
    if (message_is_bare(&message))
        return status;
    message_drop(&message);
    return status != OK ? status : ERR_BAD_MESSAGE;
}

// --- pages for arguments -------------------------------------------------------------------------

// Neighbouring pages, made when first needed; each is all 0 while no call uses it.
static uaddr_t pages;
static unsigned pages_made;
static bool away[CLIENT_PAGES]; // with a server that held it when its call timed out

// Of a page that was away when it was last looked at.
[[gnu::cold, gnu::noinline]] static bool page_stays_away(unsigned page)
{
    uint64_t description, charge;
    status_t status = system_parcel_query(pages + page * PAGE_SIZE, &description, &charge);
    if (status != OK || description >> 56 == SLOT_LENT)
        return true;
    // It came home after its call had ended, so nobody has cleared it yet.
    memset((void *)(pages + page * PAGE_SIZE), 0, PAGE_SIZE);
    return away[page] = false;
}

static status_t pages_make(unsigned count)
{
    if (pages == 0 && (pages = slots_allocate(CLIENT_PAGES)) == 0)
        return ERR_NO_MEMORY;
    for (; pages_made < count; pages_made++) {
        parcel_t page =
            parcel_make(pages + pages_made * PAGE_SIZE, 1, 1, PARCEL_NONE, PARCEL_WRITABLE);
        status_t status = system_memory_create(0, page, MEMORY_PAGES);
        if (status != OK)
            return status;
    }
    return OK;
}

// The first so many neighbours that are at home, or CLIENT_PAGES.
static unsigned pages_at_home(unsigned count)
{
    unsigned found = 0;
    for (unsigned page = 0; page < CLIENT_PAGES; page++) {
        found = away[page] && page_stays_away(page) ? 0 : found + 1;
        if (found == count)
            return page + 1 - count;
    }
    return CLIENT_PAGES;
}

void client_open(struct client_call *call, unsigned count)
{
    unsigned first = pages_at_home(count);
    if (first == CLIENT_PAGES) {
        call->status = ERR_BUSY;
        return;
    }
    call->status = pages_make(first + count);
    if (call->status != OK)
        return;
    uaddr_t address = pages + first * PAGE_SIZE;
    call->page = (char *)address;
    call->pages = count;
    call->message.parcel = parcel_make(address, 1, count, PARCEL_LEND, 0);
}

// After the call: the pages are home and get cleared, unless the server still holds them.
static void pages_come_home(struct client_call *call)
{
    if (call->status != ERR_TIMED_OUT) {
        memset(call->page, 0, call->used);
        return;
    }
    unsigned first = (unsigned)(((uaddr_t)call->page - pages) / PAGE_SIZE);
    for (unsigned page = first; page < first + call->pages; page++)
        away[page] = true;
}

void client_expect_parcel(struct client_call *call)
{
    if (call->status == OK)
        call->status = landing_prepare_default();
}

void client_expect_handles(struct client_call *call)
{
    if (call->status == OK)
        call->status = handles_accept();
}

// --- the call ------------------------------------------------------------------------------------

static void give_up(struct client_call *call, status_t status)
{
    call->status = status;
    call->message = (struct message){};
}

static void take_reply(struct client_call *call, const struct message_shape *shape, uint64_t most)
{
    status_t status = message_reply_status(&call->message);
    if (status == OK && message_fits(&call->message, shape, most))
        return;
    message_drop(&call->message);
    give_up(call, status != OK ? status : ERR_BAD_MESSAGE);
}

void client_exchange(struct client_call *call, handle_t port, const struct message_shape *results,
                     uint64_t most, ticks_t deadline)
{
    if (call->status == OK) {
        status_t status = message_call(port, &call->message, deadline);
        if (status == OK)
            take_reply(call, results, most);
        else
            give_up(call, status);
    } else {
        give_up(call, call->status);
    }
    if (call->pages != 0)
        pages_come_home(call);
}

void client_demand(struct client_call *call, bool sound)
{
    if (call->status != OK || sound)
        return;
    message_drop(&call->message);
    give_up(call, ERR_BAD_MESSAGE);
}

status_t client_close(struct client_call *call)
{
    if (call->message.parcel != 0)
        (void)landing_free(call->message.parcel);
    return call->status;
}
