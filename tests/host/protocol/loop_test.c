// The fast part of the server loop, and its changes to the rest and back.

#include "loop.h"

#include <baton/parcel.h>
#include <string.h>

TEST(words_and_what_is_more_take_turns)
{
    begin();
    sample_orders.leave_out = true;
    for (unsigned i = 0; i < 4; i++) {
        add_request(bounds_of_11);
        add_parcel_request(i % 2 == 0);
    }
    (void)server_run(&server);
    CHECK_EQ(script.answer_count, 8);
    for (unsigned i = 0; i < 4; i++) {
        expect_answer(2 * i, HANDLE_NONE, OK);
        CHECK_EQ(script.answers[2 * i].message.word[0], 11);
        CHECK(message_is_bare(&script.answers[2 * i].message));
        CHECK_EQ(message_reply_status(&script.answers[2 * i + 1].message),
                 i % 2 == 0 ? OK : ERR_BAD_MESSAGE);
        CHECK_EQ(script.answers[2 * i + 1].message.word[0], 0);
        CHECK_EQ(landing_free(script.steps[2 * i + 1].message.parcel), OK);
    }
}

TEST(words_are_checked_in_the_loop)
{
    static const struct message unsound[] = {
        {.tag = 999 << 8 | 3, .word = {2 | 7ull << 32, 0xffffffff}},          // too low
        {.tag = 999 << 8 | 3, .word = {5 | 7ull << 32, 0xffffffff, 0, 0, 1}}, // an unused word
        {.tag = 999 << 8 | 3, .word = {5 | 1 << 8 | 7ull << 32, 0xffffffff}}, // padding
        {.tag = 999 << 8 | 3 | 1 << TAG_FLAGS_SHIFT, .word = {5 | 7ull << 32, 0xffffffff}},
    };
    begin();
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
        add_request(unsound[i]);
    struct message odd = bounds_of_11;
    odd.tag |= 1 << TAG_MOVE_SHIFT | 1ull << TAG_RIGHTS_SHIFT; // of a handle that is not there
    add_request(odd);
    (void)server_run(&server);
    for (unsigned i = 0; i < sizeof unsound / sizeof *unsound; i++)
        expect_answer(i, HANDLE_NONE, ERR_BAD_MESSAGE);
    expect_answer(4, HANDLE_NONE, OK);
    CHECK_EQ(sample_orders.handled, 1);
}

TEST(absent_handlers_in_the_loop)
{
    static const struct sample_server few = {};
    begin();
    server.protocols[0] = sample_serve(&few);
    add_request(bounds_of_11);
    (void)server_run(&server);
    expect_answer(0, HANDLE_NONE, ERR_UNSUPPORTED);
}

static status_t fill_gaps(struct request *, uint8_t, uint32_t, int16_t, bool, int64_t,
                          enum sample_colour, uint16_t, enum sample_wide,
                          struct sample_scalars_results *results)
{
    memset(results, 0xff, sizeof *results);
    return OK;
}

TEST(gaps_between_results_stay_at_home)
{
    static const struct sample_server filler = {.scalars = fill_gaps};
    begin();
    server.protocols[0] = sample_serve(&filler);
    add_request((struct message){.tag = 999 << 8 | 1, .word = {0, 0, 0, SAMPLE_COLOUR_RED}});
    (void)server_run(&server);
    expect_answer(0, HANDLE_NONE, OK);
    CHECK_EQ(script.answers[0].message.word[1], 0x0000'ffff'ffff'ffff);
    CHECK_EQ(script.answers[0].message.word[3], 0x0000'00ff'ffff'ffff);
    CHECK_EQ(script.answers[0].message.word[4], 0);
}

TEST(a_server_without_protocols_refuses_all)
{
    begin();
    server.protocols[0] = (struct server_protocol){};
    add_request(bounds_of_11);
    add_request((struct message){.tag = 0});
    (void)server_run(&server);
    expect_answer(0, HANDLE_NONE, ERR_BAD_PROTOCOL);
    expect_answer(1, HANDLE_NONE, ERR_BAD_METHOD);
}
