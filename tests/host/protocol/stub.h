// What the tests of stubs share: a fresh world, and calls of the two largest methods.
#pragma once

#include "sample_server.h"
#include "test.h"

#include <string.h>

static inline void begin(void)
{
    world_reset();
    sample_orders = (struct sample_orders){};
    world.serves = sample_serve(&sample_echo);
}

static inline void check_nothing_left(void)
{
    CHECK_EQ(world_parcels(), 0);
    CHECK_EQ(world_handles_open(), 0);
}

static inline status_t call_scalars(void)
{
    enum sample_wide h2;
    uint16_t g2;
    enum sample_colour f2;
    bool d2;
    int16_t c2;
    int64_t e2;
    int32_t b2;
    int8_t a2;
    status_t status = sample_scalars(WORLD_PORT, 0xfe, 0xfffffffb, -2, true, -3, SAMPLE_COLOUR_BLUE,
                                     SAMPLE_OPTION_FAST | SAMPLE_OPTION_LAST, SAMPLE_WIDE_FAR, &h2,
                                     &g2, &f2, &d2, &c2, &e2, &b2, &a2);
    if (status == OK) {
        CHECK_EQ(a2, -2);
        CHECK_EQ(b2, -5);
        CHECK_EQ(c2, -2);
        CHECK(d2);
        CHECK_EQ(e2, -3);
        CHECK_EQ(f2, SAMPLE_COLOUR_BLUE);
        CHECK_EQ(g2, 0x8001);
        CHECK_EQ(h2, SAMPLE_WIDE_FAR);
    } else {
        CHECK(a2 == 0 && b2 == 0 && c2 == 0 && !d2 && e2 == 0 && g2 == 0);
    }
    return status;
}

struct full_results {
    uint32_t number, length;
    struct sample_thing thing;
    char first[4096], data[300];
};

static const struct sample_thing a_thing = {
    .number = 1,
    .options = SAMPLE_OPTION_LOUD,
    .state = ERR_IO,
    .part = 5,
    .pair = {.tone = SAMPLE_COLOUR_RED, .sure = true},
    .name = "sixteen letters!",
};

static inline status_t call_full(const char *first, const struct sample_thing *thing,
                                 const char *second, struct full_results *results)
{
    return sample_full(WORLD_PORT, first, thing, "bytes", 5, second, &results->number,
                       &results->thing, results->first, results->data, &results->length);
}
