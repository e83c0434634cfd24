// Scalars, text and bytes in words, through generated stubs and dispatch.

#include "stub.h"

static void check_words(const struct message *message, uint64_t w0, uint64_t w1, uint64_t w2,
                        uint64_t w3, uint64_t w4)
{
    const uint64_t expected[] = {w0, w1, w2, w3, w4};
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        CHECK_EQ(message->word[i], expected[i]);
}

TEST(scalars_are_packed_as_written_down)
{
    begin();
    CHECK_EQ(call_scalars(), OK);
    CHECK_EQ(world.request.tag, 999 << 8 | 1);
    check_words(&world.request, 0xfffffffb'0000'00fe, 0x1'fffe, (uint64_t)-3, 0x8001'0007,
                0x1'0000'0000);
    CHECK_EQ(world.reply.tag, OK);
    check_words(&world.reply, 0x1'0000'0000, 0x0000'fffe'0107'8001, (uint64_t)-3, 0xfe'ffff'fffb,
                0);
    check_nothing_left();
}

TEST(errors_come_without_results)
{
    begin();
    sample_orders.status = ERR_NOT_FOUND;
    CHECK_EQ(call_scalars(), ERR_NOT_FOUND);
    check_words(&world.reply, 0, 0, 0, 0, 0);
    sample_orders.status = OK;
    world.call_status = ERR_PEER_DIED;
    CHECK_EQ(call_scalars(), ERR_PEER_DIED);
    CHECK_EQ(sample_orders.handled, 1);
}

TEST(a_method_with_nothing)
{
    begin();
    CHECK_EQ(sample_nothing(WORLD_PORT), OK);
    CHECK_EQ(world.request.tag, 999 << 8 | 2);
    sample_orders.status = ERR_DENIED;
    CHECK_EQ(sample_nothing(WORLD_PORT), ERR_DENIED);
    CHECK_EQ(world.reply.tag, ERR_DENIED);
}

TEST(a_deadline_is_handed_on)
{
    begin();
    CHECK_EQ(client_default_ticks, 5'000'000'000);
    CHECK_EQ(sample_nothing_until(WORLD_PORT, 1), OK);
    CHECK_EQ(sample_nothing_until(WORLD_PORT + 1, 1), ERR_BAD_HANDLE);
}

static status_t call_scalars_retry(void)
{
    enum sample_wide h2;
    uint16_t g2;
    enum sample_colour f2;
    bool d2;
    int16_t c2;
    int64_t e2;
    int32_t b2;
    int8_t a2;
    return sample_scalars_retry(WORLD_PORT, 0, 1, 2, true, 4, SAMPLE_COLOUR_BLUE, 0, 0, &h2, &g2,
                                &f2, &d2, &c2, &e2, &b2, &a2, 1);
}

TEST(idempotent_methods_can_be_repeated)
{
    begin();
    world.call_status = ERR_PEER_DIED;
    world.failures = 2;
    CHECK_EQ(call_scalars_retry(), OK);
    CHECK_EQ(world.calls, 3);
    CHECK_EQ(world.request.word[1], 0x1'0002);
    world.call_status = ERR_PEER_DIED;
    CHECK_EQ(call_scalars_retry(), ERR_PEER_DIED);
    CHECK_EQ(world.calls, 6);
    world.call_status = ERR_PORT_CLOSED;
    CHECK_EQ(call_scalars_retry(), ERR_PORT_CLOSED);
    world.call_status = ERR_TIMED_OUT;
    CHECK_EQ(call_scalars_retry(), ERR_TIMED_OUT);
    CHECK_EQ(world.calls, 8);
}

TEST(bounds_are_checked_by_the_dispatch)
{
    static const struct {
        uint8_t low;
        uint32_t count;
        int32_t offset;
        status_t status;
    } cases[] = {
        {3, 1, -10, OK},
        {7, 512, -1, OK},
        {2, 1, -1, ERR_BAD_MESSAGE},
        {8, 1, -1, ERR_BAD_MESSAGE},
        {3, 0, -1, ERR_BAD_MESSAGE},
        {3, 513, -1, ERR_BAD_MESSAGE},
        {3, 1, 0, ERR_BAD_MESSAGE},
        {3, 1, -11, ERR_BAD_MESSAGE},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t sum;
        CHECK_EQ(sample_bounds(WORLD_PORT, cases[i].low, cases[i].count, cases[i].offset, 5, &sum),
                 cases[i].status);
    }
    CHECK_EQ(sample_orders.handled, 2);
}

TEST(text_and_bytes_in_words)
{
    uint8_t part;
    struct sample_inner pair;
    char name_back[9], data_back[6];
    uint32_t length;
    begin();
    CHECK_EQ(sample_brief(WORLD_PORT, 0x1234, "ninebytes", "abcdefghijklmn", 14, &part, &pair,
                          name_back, data_back, &length),
             OK);
    check_words(&world.request, 0x1234, 0x65747962656e696e, 's', 0x676665646362610e,
                0x6e6d6c6b6a6968);
    CHECK_EQ(part, 0x34);
    CHECK(pair.left == -1 && pair.right == 2 && pair.tone == SAMPLE_COLOUR_BLUE && pair.sure);
    CHECK_STRING(name_back, "ninebyte");
    CHECK_EQ(length, 6);
    CHECK(memcmp(data_back, "abcdef", 6) == 0);
    CHECK_EQ(world.reply.word[1], 0x0000'0107'0002'ffff);
    CHECK_EQ(
        sample_brief(WORLD_PORT, 0, "", nullptr, 0, &part, &pair, name_back, data_back, &length),
        OK);
    check_words(&world.request, 0, 0, 0, 0, 0);
    CHECK_STRING(name_back, "");
    CHECK_EQ(length, 0);
}

TEST(text_can_fill_all_words)
{
    char text[] = "0123456789012345678901234567890123456789", back[41];
    begin();
    CHECK_EQ(sample_name(WORLD_PORT, text, back), OK);
    CHECK_STRING(back, text);
    CHECK_EQ(sample_name(WORLD_PORT, "x", back), OK);
    CHECK_STRING(back, "x");
    CHECK_EQ(sample_name(WORLD_PORT, "01234567890123456789012345678901234567890", back),
             ERR_NAME_TOO_LONG);
    CHECK_STRING(back, "");
    CHECK_EQ(world.calls, 2);
}

TEST(what_is_too_long_is_not_sent)
{
    uint8_t part;
    struct sample_inner pair;
    char name[9], data[6];
    uint32_t length;
    begin();
    CHECK_EQ(sample_brief(WORLD_PORT, 0, "tenletters", "", 0, &part, &pair, name, data, &length),
             ERR_NAME_TOO_LONG);
    CHECK_EQ(
        sample_brief(WORLD_PORT, 0, "", "123456789012345", 15, &part, &pair, name, data, &length),
        ERR_TOO_LARGE);
    CHECK_EQ(world.calls, 0);
}
