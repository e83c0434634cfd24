// What the tests of the server loop share: a server of the sample protocol that a script talks to.
#pragma once

#include "sample_server.h"
#include "script.h"
#include "test.h"

static struct server server;

static inline void begin(void)
{
    world_reset();
    sample_orders = (struct sample_orders){};
    script = (struct script){};
    server = (struct server){.port = WORLD_PORT, .protocols = {sample_serve(&sample_echo)}};
}

static inline void expect_answer(unsigned index, handle_t reply, uint64_t tag)
{
    CHECK(index < script.answer_count);
    CHECK_EQ(script.answers[index].reply, reply);
    CHECK_EQ(script.answers[index].message.tag, tag);
}

static inline void add_request(struct message message)
{
    script_add((struct script_step){.kind = KIND_REQUEST, .message = message, .badge = 77});
}

// 5 + 7 - 1, as sample.bounds adds up.
static const struct message bounds_of_11 = {
    .tag = 999 << 8 | 3,
    .word = {5 | 7ull << 32, 0xffffffff, 0},
};

// Two pages lent to a method that takes them, with a handle, or to one that takes nothing.
static inline void add_parcel_request(bool sound)
{
    parcel_t mode = (uint64_t)PARCEL_LEND << PARCEL_MODE_SHIFT;
    script_add((struct script_step){
        .kind = KIND_REQUEST,
        .message = {.tag = 999 << 8 | (sound ? 6 : 2),
                    .parcel = world_pages(2) | mode | PARCEL_WRITABLE,
                    .handle = {sound ? world_handle(OBJECT_PORT, RIGHTS_ALL, 999) : 0}},
    });
}
