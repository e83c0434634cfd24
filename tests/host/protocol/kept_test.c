// Replies to kept requests.

#include "loop.h"

TEST(kept_requests_are_answered_later)
{
    begin();
    sample_orders.keep = true;
    add_request(bounds_of_11);
    add_request((struct message){.tag = 999 << 8 | 2});
    (void)server_run(&server);
    CHECK_EQ(script.answer_count, 0);
    CHECK_EQ(script.kept, 2);
    struct kept_request first = {.reply = 500};
    CHECK_EQ(sample_bounds_reply(&first, OK, &(struct sample_bounds_results){.sum = 12}), OK);
    expect_answer(0, 500, OK);
    CHECK_EQ(script.answers[0].message.word[0], 12);
    CHECK_EQ(first.reply, HANDLE_NONE);
    CHECK_EQ(sample_nothing_reply(&sample_orders.kept, ERR_DENIED), OK);
    expect_answer(1, 501, ERR_DENIED);
}

TEST(kept_answers_can_be_refused)
{
    begin();
    struct kept_request kept = {.reply = 500};
    script.refusals[0] = ERR_NO_HANDLE;
    handle_t process = world_handle(OBJECT_PROCESS, RIGHTS_ALL, 0);
    CHECK_EQ(sample_handles_reply(&kept, OK, &(struct sample_handles_results){.c = process}),
             ERR_NO_HANDLE);
    expect_answer(1, 500, ERR_NO_HANDLE);
    CHECK_EQ(world_handles_open(), 0);
    kept.reply = 501;
    script.refusals[script.refusal] = ERR_CANCELLED;
    CHECK_EQ(sample_nothing_reply(&kept, OK), ERR_CANCELLED);
    CHECK_EQ(script.answer_count, 3);
}

TEST(kept_answers_with_text)
{
    begin();
    struct kept_request kept = {.reply = 500};
    char text[] = "kept text";
    CHECK_EQ(sample_full_reply(&kept, OK, &(struct sample_full_results){.first_back = text}), OK);
    CHECK_STRING((const char *)parcel_address(script.answers[0].message.parcel) + 48, text);
    kept.reply = 501;
    world.memory_status = ERR_NO_MEMORY;
    CHECK_EQ(sample_full_reply(&kept, OK, &(struct sample_full_results){}), OK);
    expect_answer(1, 501, ERR_NO_MEMORY);
    CHECK_EQ(script.answers[1].message.parcel, 0);
}
