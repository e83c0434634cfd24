// Servers and clients that do not keep to the protocol.

#include "stub.h"

#include <baton/parcel.h>

// --- servers -------------------------------------------------------------------------------------

static struct message lie_or, lie_and;

static void lie(struct message *reply)
{
    reply->tag |= lie_or.tag;
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        reply->word[i] = (reply->word[i] & ~lie_and.word[i]) | lie_or.word[i];
    if (lie_or.parcel != 0)
        reply->parcel = lie_or.parcel;
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (lie_or.handle[i] != HANDLE_NONE)
            reply->handle[i] = lie_or.handle[i];
}

static void begin_lying(struct message with)
{
    begin();
    lie_or = with;
    lie_and = (struct message){};
    world.reply_hook = lie;
}

TEST(scalars_that_are_not_allowed)
{
    static const struct message lies[] = {
        {.word = {0, 0x2}},        // no such flag
        {.word = {0, 8ull << 16}}, // no such colour
        {.word = {0, 2ull << 24}}, // a bool of 3
        {.word = {0, 1ull << 48}}, // padding
        {.word = {0, 0, 0, 1ull << 40}},
        {.word = {0, 0, 0, 0, 1}}, // an unused word
        {.word = {1}},             // no such wide
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin_lying(lies[i]);
        CHECK_EQ(call_scalars(), ERR_BAD_MESSAGE);
    }
    begin_lying((struct message){});
    lie_and.word[3] = 1; // -6, out of bounds
    CHECK_EQ(call_scalars(), ERR_BAD_MESSAGE);
}

TEST(what_no_method_returns_is_dropped)
{
    begin_lying((struct message){});
    lie_or.parcel = world_pages(2) | (uint64_t)PARCEL_GIVE << PARCEL_MODE_SHIFT;
    lie_or.handle[3] = world_handle(OBJECT_PORT, RIGHTS_ALL, 3);
    CHECK_EQ(call_scalars(), ERR_BAD_MESSAGE);
    check_nothing_left();
    begin_lying((struct message){.tag = ERR_DENIED});
    lie_or.handle[0] = world_handle(OBJECT_PORT, RIGHTS_ALL, 3);
    CHECK_EQ(call_scalars(), ERR_DENIED);
    check_nothing_left();
}

static void spoil_page(struct message *reply)
{
    char *page = (char *)parcel_address(reply->parcel);
    memset(page, 'x', 2 * PAGE_SIZE);
}

TEST(results_in_pages_that_are_malformed)
{
    static struct full_results results;
    begin();
    world.reply_hook = spoil_page;
    CHECK_EQ(call_full("first", &a_thing, "second", &results), ERR_BAD_MESSAGE);
    CHECK_EQ(results.number, 0);
    check_nothing_left();
}

// --- clients -------------------------------------------------------------------------------------

static status_t send(struct message message)
{
    status_t status = message_call(WORLD_PORT, &message, 0);
    return status == OK ? message_reply_status(&message) : status;
}

TEST(tags_are_checked)
{
    begin();
    CHECK_EQ(send((struct message){.tag = 999 << 8 | 2}), OK);
    CHECK_EQ(send((struct message){.tag = 998 << 8 | 2}), ERR_BAD_PROTOCOL);
    CHECK_EQ(send((struct message){.tag = 999 << 8}), ERR_BAD_METHOD);
    CHECK_EQ(send((struct message){.tag = 999 << 8 | 7}), ERR_BAD_METHOD);
    CHECK_EQ(send((struct message){.tag = 999 << 8 | 11}), ERR_BAD_METHOD);
    CHECK_EQ(send((struct message){.tag = 999 << 8 | 255}), ERR_BAD_METHOD);
    CHECK_EQ(send((struct message){.tag = 1 << TAG_FLAGS_SHIFT | 999 << 8 | 2}), ERR_BAD_MESSAGE);
    CHECK_EQ(sample_orders.handled, 1);
}

TEST(absent_handlers_are_unsupported)
{
    static const struct sample_server few = {};
    begin();
    world.serves = sample_serve(&few);
    CHECK_EQ(call_scalars(), ERR_UNSUPPORTED);
    CHECK_EQ(sample_nothing(WORLD_PORT), ERR_UNSUPPORTED);
    uint32_t used;
    parcel_t back;
    CHECK_EQ(sample_parcels(WORLD_PORT, 1, world_pages(1), &used, &back), ERR_UNSUPPORTED);
    check_nothing_left();
}

TEST(what_a_method_does_not_take_is_dropped)
{
    begin();
    struct message message = {.tag = 999 << 8 | 2};
    message.parcel = world_pages(1) | (uint64_t)PARCEL_GIVE << PARCEL_MODE_SHIFT;
    CHECK_EQ(send(message), ERR_BAD_MESSAGE);
    message = (struct message){.tag = 999 << 8 | 2 | 1 << TAG_MOVE_SHIFT};
    message.handle[0] = world_handle(OBJECT_PORT, RIGHTS_ALL, 3);
    CHECK_EQ(send(message), ERR_BAD_MESSAGE);
    CHECK_EQ(send((struct message){.tag = 999 << 8 | 2, .word = {0, 0, 0, 0, 1}}), ERR_BAD_MESSAGE);
    check_nothing_left();
}

TEST(a_dispatch_has_a_typed_face)
{
    begin();
    struct request request = {.message.tag = 999 << 8 | 2, .badge = 9ull << 32 | 4};
    CHECK_EQ(request_process(&request), 4);
    CHECK_EQ(request_badge(&request), 9);
    sample_dispatch(&sample_echo, &request);
    CHECK_EQ(request.message.tag, OK);
    CHECK_EQ(sample_orders.handled, 1);
}
