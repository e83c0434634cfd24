// Random messages into the dispatch of every method, and random replies into every stub. The
// sanitizers watch; nothing may be left over.

#include "sample_server.h"
#include "test.h"

#include <baton/parcel.h>
#include <baton/system.h>
#include <stdlib.h>
#include <string.h>

static constexpr unsigned METHODS = 14; // numbers to try; 0, 7, 11 and 13 are none
static constexpr unsigned ROUNDS = 100'000;

static uint64_t state;

static uint64_t random_next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static bool one_in(unsigned count)
{
    return random_next() % count == 0;
}

// Often small, often near a limit, else anything.
static uint64_t random_word(void)
{
    switch (random_next() % 6) {
    case 0:
        return 0;
    case 1:
        return random_next() % 16;
    case 2:
        return ~0ull << random_next() % 64;
    case 3:
        return 1ull << random_next() % 64;
    case 4:
        return random_next() & random_next() & random_next();
    default:
        return random_next();
    }
}

static void fill(parcel_t parcel)
{
    char *page = (char *)parcel_address(parcel);
    size_t size = parcel_size(parcel);
    if (one_in(2))
        memset(page, one_in(2) ? 'x' : 0, size);
    for (unsigned i = 0; i < 32; i++) {
        uint64_t word = random_word();
        memcpy(page + random_next() % (size - 8), &word, 8);
    }
}

static parcel_t random_parcel(void)
{
    if (one_in(3))
        return 0;
    parcel_t parcel = world_pages(1 + random_next() % 3);
    fill(parcel);
    return parcel | (1 + random_next() % 3) << PARCEL_MODE_SHIFT |
           (random_next() & (PARCEL_WRITABLE | PARCEL_EXECUTABLE)) | (one_in(8) ? PARCEL_HOLES : 0);
}

static void random_handles(struct message *message)
{
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (one_in(3))
            message->handle[i] =
                world_handle((enum object_type)(1 + random_next() % (OBJECT_TYPES - 1)),
                             one_in(2) ? RIGHTS_ALL : (rights_t)random_next(),
                             one_in(2) ? 999 : (uint16_t)random_next());
}

static struct message random_message(void)
{
    struct message message = {.parcel = random_parcel()};
    for (unsigned i = 0, used = random_next() % 6; i < used; i++)
        message.word[i] = random_word();
    if (one_in(2))
        random_handles(&message);
    return message;
}

// What each method takes.
static struct message sound_message(unsigned method)
{
    static const uint64_t words[METHODS][MESSAGE_WORDS] = {
        [1] = {3ull << 32, 1ull << 16, 9, 2 | 4 << 16, 0},
        [3] = {5 | 9ull << 32, 0xffffffff, 4},
        [4] = {7, 'n', 0, 'b' << 8 | 1},
        [8] = {2},
        [10] = {'t'},
    };
    static const parcel_t modes[METHODS] = {
        [5] = (parcel_t)PARCEL_LEND << PARCEL_MODE_SHIFT,
        [6] = (parcel_t)PARCEL_LEND << PARCEL_MODE_SHIFT | PARCEL_WRITABLE,
        [8] = (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT,
    };
    struct message message = {};
    memcpy(message.word, words[method], sizeof message.word);
    if (modes[method] != 0)
        message.parcel = world_pages(2) | modes[method];
    if (method == 5)
        memset((char *)parcel_address(message.parcel) + PAGE_SIZE + 20, SAMPLE_COLOUR_RED, 1);
    if (method == 6)
        message.handle[0] = world_handle(OBJECT_PORT, RIGHTS_ALL, 999);
    return message;
}

// A sound message in which some things are random.
static struct message spoiled_message(unsigned method)
{
    struct message message = sound_message(method);
    if (one_in(3))
        message.word[random_next() % MESSAGE_WORDS] = random_word();
    if (one_in(4) && message.parcel != 0)
        fill(message.parcel);
    if (one_in(8))
        random_handles(&message);
    if (one_in(8))
        message.parcel ^= random_next() & (PARCEL_WRITABLE | PARCEL_EXECUTABLE | PARCEL_HOLES) &
                          (message.parcel == 0 ? 0 : ~0ull);
    return message;
}

static void close_all_handles(void)
{
    for (handle_t handle = WORLD_HANDLES; world_handles_open() != 0; handle++)
        if (world_handle_is_open(handle))
            (void)system_handle_close(handle);
}

// A lent parcel goes home; a given one that a handler took is the handler's.
static void clear_away(parcel_t sent)
{
    if (parcel_mode(sent) == PARCEL_LEND)
        (void)landing_free(sent);
    else if (sample_orders.parcel != 0 && world_parcels() != 0)
        (void)landing_free(sample_orders.parcel);
    close_all_handles();
    CHECK_EQ(world_parcels(), 0);
}

static void begin(uint64_t seed)
{
    world_reset();
    state = seed * 0x9e3779b97f4a7c15 | 1;
    world.serves = sample_serve(&sample_echo);
}

TEST(random_requests)
{
    unsigned handled[METHODS] = {};
    begin(1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned method = (unsigned)(random_next() % METHODS);
        sample_orders = (struct sample_orders){.leave_out = one_in(2)};
        struct request request = {.message =
                                      one_in(2) ? random_message() : spoiled_message(method)};
        parcel_t sent = request.message.parcel;
        request.message.tag =
            999 << TAG_PROTOCOL_SHIFT | method | (one_in(20) ? random_word() : random_next() << 32);
        request_dispatch(&world.serves, &request);
        handled[method] += sample_orders.handled;
        if (message_reply_status(&request.message) != OK) {
            CHECK(message_is_bare(&request.message));
            CHECK_EQ(request.message.word[0] | request.message.word[4], 0);
        }
        if (method == 8 && sample_orders.leave_out)
            sample_orders.parcel = 0;
        clear_away(sent);
    }
    for (unsigned method = 1; method <= 12; method++) // it is not all refused
        CHECK(method == 7 || method == 11 || handled[method] > ROUNDS / 1000);
}

static struct message random_reply;

static void reply_randomly(struct message *reply)
{
    parcel_t mine = reply->parcel;
    if (mine != 0)
        (void)landing_free(mine);
    close_all_handles();
    random_reply = random_message();
    if (parcel_mode(random_reply.parcel) == PARCEL_LEND)
        random_reply.parcel ^= (uint64_t)(PARCEL_LEND ^ PARCEL_GIVE) << PARCEL_MODE_SHIFT;
    random_reply.tag = one_in(4) ? random_word() : 0;
    *reply = random_reply;
}

// Calls a method, and frees what came; whether the stub believed the reply.
static bool call_randomly(unsigned method)
{
    static struct sample_thing thing = {.pair.tone = SAMPLE_COLOUR_RED};
    static char first[4096], data[300], name[41];
    uint32_t number, length;
    parcel_t parcel = 0;
    handle_t c, d;
    status_t status = OK;
    if (method == 0)
        status = sample_bounds(WORLD_PORT, 3, 1, -1, 0, (int64_t *)(void *)data);
    else if (method == 1)
        status = sample_full(WORLD_PORT, "first", &thing, "", 0, "", &number, &thing, first, data,
                             &length);
    else if (method == 2)
        status = sample_parcels(WORLD_PORT, 2, world_pages(1), &number, &parcel);
    else if (method == 3)
        status = sample_name(WORLD_PORT, "name", name);
    else
        status = sample_brief(WORLD_PORT, 1, "", "", 0, (uint8_t *)data, &thing.pair, name, data,
                              &length);
    (void)c, (void)d;
    memset(&thing, 0, sizeof thing);
    thing.pair.tone = SAMPLE_COLOUR_RED;
    if (parcel != 0)
        (void)landing_free(parcel);
    return status == OK;
}

TEST(random_replies)
{
    unsigned believed[5] = {};
    begin(2);
    world.reply_hook = reply_randomly;
    for (unsigned i = 0; i < ROUNDS; i++) {
        sample_orders = (struct sample_orders){.leave_out = true};
        unsigned method = (unsigned)(random_next() % 5);
        believed[method] += call_randomly(method);
        close_all_handles();
        CHECK_EQ(world_parcels(), 0);
    }
    CHECK(believed[0] > 0 && believed[3] > 0);
}
