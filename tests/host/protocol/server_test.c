// The server loop.

#include "loop.h"

#include <baton/parcel.h>
#include <string.h>

TEST(requests_are_answered_in_turn)
{
    begin();
    add_request(bounds_of_11);
    add_request((struct message){.tag = 999 << 8 | 2});
    add_request((struct message){.tag = 999 << 8 | 99});
    add_request((struct message){.tag = 998 << 8 | 2});
    add_request(bounds_of_11);
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(script.answer_count, 5);
    expect_answer(0, HANDLE_NONE, OK);
    CHECK_EQ(script.answers[0].message.word[0], 11);
    expect_answer(1, HANDLE_NONE, OK);
    CHECK_EQ(script.answers[1].message.word[0], 0);
    expect_answer(2, HANDLE_NONE, ERR_BAD_METHOD);
    CHECK_EQ(script.answers[2].message.word[0], 0);
    expect_answer(3, HANDLE_NONE, ERR_BAD_PROTOCOL);
    expect_answer(4, HANDLE_NONE, OK);
    CHECK_EQ(script.answers[4].message.word[0], 11);
}

TEST(errors_carry_no_words)
{
    begin();
    sample_orders.status = ERR_TOO_LARGE;
    add_request(bounds_of_11);
    (void)server_run(&server);
    expect_answer(0, HANDLE_NONE, ERR_TOO_LARGE);
    CHECK_EQ(script.answers[0].message.word[0], 0);
}

static status_t other_nothing(struct request *)
{
    return ERR_EXISTS;
}

TEST(several_protocols_on_one_port)
{
    static const struct sample_server other = {.nothing = other_nothing};
    begin();
    server.protocols[1] = sample_serve(&other);
    server.protocols[1].tag = 1234 << TAG_PROTOCOL_SHIFT;
    add_request((struct message){.tag = 1234 << 8 | 2});
    add_request((struct message){.tag = 999 << 8 | 2});
    add_request((struct message){.tag = 2});
    (void)server_run(&server);
    expect_answer(0, HANDLE_NONE, ERR_EXISTS);
    expect_answer(1, HANDLE_NONE, OK);
    expect_answer(2, HANDLE_NONE, ERR_BAD_PROTOCOL);
}

// --- answers that are refused --------------------------------------------------------------------

TEST(a_refused_answer_becomes_its_reason)
{
    begin();
    script.refusals[0] = ERR_NO_HANDLE;
    sample_orders.leave_out = true;
    add_parcel_request(true);
    add_request((struct message){.tag = 999 << 8 | 2});
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(script.answer_count, 3);
    CHECK(script.answers[0].message.handle[0] != HANDLE_NONE);
    expect_answer(1, HANDLE_NONE, ERR_NO_HANDLE);
    CHECK_EQ(script.answers[1].message.handle[0], HANDLE_NONE);
    expect_answer(2, HANDLE_NONE, OK);
    CHECK_EQ(world_handles_open(), 0); // what was to be moved is closed
    CHECK_EQ(landing_free(sample_orders.parcel), OK);
}

TEST(a_refused_gift_is_freed)
{
    begin();
    script.refusals[0] = ERR_NO_SLOT;
    add_request((struct message){.tag = 999 << 8 | 12});
    add_request((struct message){.tag = 999 << 8 | 12});
    (void)server_run(&server);
    expect_answer(1, HANDLE_NONE, ERR_NO_SLOT);
    CHECK_EQ(script.answers[1].message.parcel, 0);
    parcel_t rights = (uint64_t)PARCEL_GIVE << PARCEL_MODE_SHIFT | PARCEL_WRITABLE;
    CHECK_EQ(script.answers[2].message.parcel, sample_orders.parcel | rights);
    CHECK_EQ(world_parcels(), 1); // the second, which the caller has
    CHECK_EQ(landing_free(sample_orders.parcel), OK);
}

static parcel_t page_for_fault;

static status_t give_page(struct server *, struct request *request)
{
    request->message = (struct message){.parcel = page_for_fault};
    return OK;
}

// Its giver keeps it; a thread whose place is taken meanwhile touches that again.
TEST(a_page_that_a_fault_does_not_take_stays)
{
    static const status_t refusals[] = {OK, ERR_OCCUPIED, ERR_NO_MEMORY};
    for (unsigned i = 0; i < 3; i++) {
        begin();
        parcel_t page = world_pages(1);
        page_for_fault = page | (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT;
        script.refusals[0] = refusals[i];
        server.faulted = give_page;
        script_add((struct script_step){.kind = KIND_FAULT, .message.word = {41}});
        add_request(bounds_of_11);
        CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
        CHECK_EQ(script.answer_count, i == 0 ? 2 : 3);
        CHECK_EQ(script.answers[0].message.parcel, page_for_fault);
        if (i != 0)
            expect_answer(1, HANDLE_NONE, refusals[i] == ERR_OCCUPIED ? OK : refusals[i]);
        CHECK_EQ(script.answers[1].message.parcel, 0);
        expect_answer(i == 0 ? 1 : 2, HANDLE_NONE, OK);
        CHECK_EQ(world_parcels(), 1);
        CHECK_EQ(landing_free(page), OK);
    }
}

TEST(refusing_everything_ends_nothing)
{
    begin();
    for (unsigned i = 0; i < 4; i++)
        script.refusals[i] = ERR_NO_SLOT;
    for (unsigned i = 0; i < 3; i++)
        add_request(bounds_of_11);
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(sample_orders.handled, 3);
    CHECK_EQ(script.answer_count, 5); // two refused twice, one accepted
    expect_answer(1, HANDLE_NONE, ERR_NO_SLOT);
}

TEST(after_errors_of_receiving_nothing_is_answered_again)
{
    begin();
    script.refusals[0] = ERR_TIMED_OUT;
    script.refusals[1] = ERR_PORT_CLOSED;
    add_request(bounds_of_11);
    add_request(bounds_of_11);
    add_request(bounds_of_11);
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(script.answer_count, 2);
}

TEST(without_a_request_in_hand_no_reason_is_sent)
{
    begin();
    script.refusals[0] = ERR_NOT_CALLED;
    add_request(bounds_of_11);
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(script.answer_count, 1);
}

TEST(what_a_caller_no_longer_takes_is_freed)
{
    begin();
    script.refusals[0] = ERR_CANCELLED;
    script.refusals[1] = ERR_CANCELLED;
    sample_orders.leave_out = true;
    add_request((struct message){.tag = 999 << 8 | 12});
    add_parcel_request(true);
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(script.answer_count, 2); // and no reason
    CHECK_EQ(world_handles_open(), 0);
    CHECK_EQ(landing_free(sample_orders.parcel), OK); // that was lent
    CHECK_EQ(world_parcels(), 0);
}

static status_t give_a_page(struct request *request, const char *first,
                            const struct sample_thing *thing, const uint8_t *data,
                            uint32_t data_length, const char *second,
                            struct sample_full_results *results)
{
    (void)request, (void)first, (void)thing, (void)data, (void)data_length, (void)second;
    CHECK_EQ(results->first_back[0], 0);
    strcpy(results->first_back, "given");
    return OK;
}

TEST(pages_of_a_refused_answer_are_used_again)
{
    static const struct sample_server giver = {.full = give_a_page};
    begin();
    server.protocols[0] = sample_serve(&giver);
    script.refusals[0] = ERR_NO_SLOT;
    parcel_t pages = world_pages(2) | (uint64_t)PARCEL_LEND << PARCEL_MODE_SHIFT;
    struct sample_thing *thing = (void *)(parcel_address(pages) + PAGE_SIZE);
    thing->pair.tone = SAMPLE_COLOUR_RED;
    add_request((struct message){.tag = 999 << 8 | 5, .parcel = pages});
    add_request((struct message){.tag = 999 << 8 | 5, .parcel = pages});
    (void)server_run(&server);
    CHECK_EQ(script.answer_count, 3);
    CHECK_EQ(script.answers[0].message.parcel, script.answers[2].message.parcel);
    CHECK_STRING((const char *)parcel_address(script.answers[2].message.parcel) + 48, "given");
    CHECK_EQ(landing_free(pages), OK);
}

// --- what is not a request -----------------------------------------------------------------------

static struct {
    unsigned notified, timed_out;
    uint64_t badge, bits;
    struct server_death death;
} events;

static void notified(struct server *, uint64_t badge, uint64_t bits)
{
    events.notified++, events.badge = badge, events.bits = bits;
}

static void died(struct server *, const struct server_death *death)
{
    events.death = *death;
}

static void timed_out(struct server *)
{
    events.timed_out++;
}

static ticks_t next_deadline(struct server *)
{
    return 1000 + events.timed_out;
}

static status_t resolve(struct server *, struct request *request)
{
    request->message = (struct message){.word = {request->message.word[0] + 1}};
    return OK;
}

static void add_events(void)
{
    script_add((struct script_step){.kind = KIND_NOTIFICATION, .badge = 3, .message.word = {6}});
    script_add((struct script_step){
        .kind = KIND_DEATH, .badge = 4, .message.word = {8, 126, END_FAULTED, 0x1234}});
    script_add((struct script_step){.status = ERR_TIMED_OUT});
    script_add((struct script_step){.kind = KIND_FAULT, .message.word = {41}});
    add_request(bounds_of_11);
}

TEST(events_reach_their_callbacks)
{
    begin();
    memset(&events, 0, sizeof events);
    server.notified = notified, server.died = died, server.timed_out = timed_out;
    server.next_deadline = next_deadline, server.faulted = resolve;
    add_events();
    (void)server_run(&server);
    CHECK(events.notified == 1 && events.badge == 3 && events.bits == 6);
    CHECK(events.death.badge == 4 && events.death.process == 8 && events.death.status == 126);
    CHECK(events.death.cause == END_FAULTED && events.death.address == 0x1234);
    CHECK_EQ(events.timed_out, 1);
    CHECK_EQ(script.deadlines[2], 1000);
    CHECK_EQ(script.deadlines[3], 1001);
    CHECK_EQ(script.answer_count, 2);
    CHECK_EQ(script.answers[0].message.word[0], 42);
    CHECK_EQ(script.answers[1].message.word[0], 11);
}

TEST(events_without_callbacks_are_passed_over)
{
    begin();
    add_events();
    CHECK_EQ(server_run(&server), ERR_PORT_CLOSED);
    CHECK_EQ(script.answer_count, 1);
    CHECK_EQ(script.deadlines[0], 0);
}

static status_t look_at_request(struct request *request)
{
    CHECK_EQ(request_process(request), 77);
    CHECK_EQ(request_charge(request), 3);
    CHECK(request->server == &server);
    return OK;
}

TEST(handlers_see_who_asks)
{
    static const struct sample_server looker = {.nothing = look_at_request};
    begin();
    server.protocols[0] = sample_serve(&looker);
    add_request((struct message){.tag = 999 << 8 | 2});
    (void)server_run(&server);
    expect_answer(0, HANDLE_NONE, OK);
}
