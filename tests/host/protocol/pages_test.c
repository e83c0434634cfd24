// Text, bytes and structs in pages: what travels, and what is left behind.

#include "stub.h"

static void look_at_pages(struct message *request)
{
    const char *page = (const char *)parcel_address(request->parcel);
    CHECK_EQ(parcel_count(request->parcel), 2);
    CHECK_EQ(parcel_mode(request->parcel), PARCEL_LEND);
    CHECK_EQ(request->parcel & PARCEL_WRITABLE, 0);
    CHECK_STRING(page, "first");
    CHECK(memcmp(page + 4096, &a_thing, sizeof a_thing) == 0);
    CHECK_EQ(*(const uint32_t *)(page + 4096 + 48), 5);
    CHECK(memcmp(page + 4096 + 52, "bytes", 5) == 0);
    CHECK_STRING(page + 4096 + 152, "second");
    for (unsigned i = 6; i < 4096; i++)
        CHECK_EQ(page[i], 0);
}

TEST(text_bytes_and_structs_in_pages)
{
    static struct full_results results;
    begin();
    world.request_hook = look_at_pages;
    CHECK_EQ(call_full("first", &a_thing, "second", &results), OK);
    CHECK_EQ(results.number, 6);
    CHECK_STRING(results.first, "first");
    CHECK_EQ(results.length, 5);
    CHECK(memcmp(results.data, "bytes", 5) == 0);
    CHECK(memcmp(&results.thing, &a_thing, sizeof a_thing) == 0);
    CHECK_EQ(parcel_mode(world.reply.parcel), PARCEL_GIVE);
    CHECK_EQ(parcel_count(world.reply.parcel), 2);
    check_nothing_left();
}

TEST(pages_hold_nothing_of_earlier_calls)
{
    static struct full_results results;
    begin();
    CHECK_EQ(call_full("a much longer first text", &a_thing, "a longer second one", &results), OK);
    world.request_hook = look_at_pages;
    CHECK_EQ(call_full("first", &a_thing, "second", &results), OK);
    check_nothing_left();
}

TEST(a_text_can_fill_a_page)
{
    static struct full_results results;
    static char text[4096];
    begin();
    memset(text, 'x', sizeof text - 1);
    CHECK_EQ(call_full(text, &a_thing, "", &results), OK);
    CHECK_STRING(results.first, text);
    CHECK_EQ(results.number, 0);
    check_nothing_left();
}

TEST(structs_are_checked_field_by_field)
{
    static struct full_results results;
    struct sample_thing thing;
    begin();
    thing = a_thing, thing.options = 2;
    CHECK_EQ(call_full("", &thing, "", &results), ERR_BAD_MESSAGE);
    thing = a_thing, thing.pair.tone = 3;
    CHECK_EQ(call_full("", &thing, "", &results), ERR_BAD_MESSAGE);
    thing = a_thing, thing.pair.reserved[1] = 1;
    CHECK_EQ(call_full("", &thing, "", &results), ERR_BAD_MESSAGE);
    thing = a_thing, memset(&thing.pair.sure, 2, 1);
    CHECK_EQ(call_full("", &thing, "", &results), ERR_BAD_MESSAGE);
    CHECK_EQ(sample_orders.handled, 0);
    check_nothing_left();
}

TEST(without_memory_for_the_results)
{
    static struct full_results results;
    begin();
    CHECK_EQ(call_full("", &a_thing, "", &results), OK); // the client's own pages are there now
    world.memory_status = ERR_NO_MEMORY;
    CHECK_EQ(call_full("", &a_thing, "", &results), ERR_NO_MEMORY);
    CHECK_EQ(sample_orders.handled, 1);
    check_nothing_left();
}

TEST(pages_of_a_call_that_timed_out_stay_away)
{
    static struct full_results results;
    begin();
    world.call_status = ERR_TIMED_OUT;
    world.keep_loans = true;
    CHECK_EQ(call_full("one", &a_thing, "", &results), ERR_TIMED_OUT);
    parcel_t first = world.request.parcel;
    CHECK_EQ(call_full("two", &a_thing, "", &results), ERR_TIMED_OUT);
    CHECK(world.request.parcel != first);
    CHECK_EQ(call_full("three", &a_thing, "", &results), ERR_BUSY);
    world_loans_return();
    world.call_status = OK;
    world.request_hook = look_at_pages;
    CHECK_EQ(call_full("first", &a_thing, "second", &results), OK);
    CHECK_EQ(world.request.parcel, first);
    check_nothing_left();
}
