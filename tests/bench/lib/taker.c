#include "taker.h"

#include "measure.h"
#include "words.h"

#include <abi/layout.h>
#include <baton/parcel.h>
#include <baton/system.h>

static constexpr uaddr_t OUT = 0x3000'0000'0000; // where it copies to
static constexpr uint64_t WINDOW_DISTANCE = 64ull << 30;

static parcel_t window, given;

static status_t window_open(unsigned level, unsigned count)
{
    if (window != 0 && system_slot_release(window) != OK)
        return ERR_BUSY;
    window = parcel_make(LAYOUT_SLOTS + level * WINDOW_DISTANCE, level, count, PARCEL_NONE, 0);
    return system_slot_prepare(window, count);
}

// A small gift may have landed in a window of libsys.
static status_t drop(void)
{
    parcel_t gift = given;
    given = 0;
    if (gift == 0)
        return OK;
    if (parcel_address(gift) != parcel_address(window))
        return landing_free(gift);
    status_t status = system_memory_free(window);
    return status == OK ? system_slot_prepare(window, parcel_count(window)) : status;
}

static struct message answer(const struct message *request)
{
    uaddr_t from = parcel_address(request->parcel);
    uint64_t bytes = request->word[0];
    if (parcel_mode(request->parcel) == PARCEL_GIVE)
        given = request->parcel;
    switch (request->tag) {
    case TAKE_ONLY:
        return (struct message){.tag = OK};
    case TAKE_READ:
        return (struct message){.tag = OK, .word = {words_sum(from, bytes)}};
    case TAKE_READ_PAGES:
        return (struct message){.tag = OK, .word = {words_sum_pages(from, bytes)}};
    case TAKE_COPY:
        words_copy(OUT, from, bytes);
        return (struct message){.tag = OK};
    case TAKE_COPY_READ:
        words_copy(OUT, from, bytes);
        return (struct message){.tag = OK, .word = {words_sum(OUT, bytes)}};
    case TAKE_SHAPE:
        return (struct message){
            .tag = window_open((unsigned)request->word[0], (unsigned)request->word[1])};
    case TAKE_DROP:
        return (struct message){.tag = drop()};
    default:
        return (struct message){.tag = ERR_BAD_MESSAGE};
    }
}

// All of it present, so that copying out touches no page for the first time.
static void out_make(void)
{
    parcel_t out = parcel_make(OUT, 2, TAKER_SIZE / level_size(2), PARCEL_NONE, PARCEL_WRITABLE);
    measure_demand(system_memory_create(0, out, MEMORY_ZERO), "memory to copy to");
    for (uint64_t offset = 0; offset < TAKER_SIZE; offset += PAGE_SIZE)
        *(volatile uint64_t *)(OUT + offset) = 0;
}

void taker_serve(handle_t port)
{
    struct message message;
    struct message_info info;
    out_make();
    measure_demand(system_accept(2 * TAKER_SIZE / PAGE_SIZE, MESSAGE_HANDLES, 0), "accepting");
    measure_demand(message_receive(port, &message, &info, 0), "receiving");
    for (;;) {
        message = answer(&message);
        measure_demand(message_reply_receive(port, &message, &info, 0), "receiving");
    }
}
