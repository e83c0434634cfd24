// A module line, taken apart: "NAME [limit=SIZE] [serves=PORT[:PROTOCOL]] [uses=PORT,...]
// [opens=MODULE,...] [holds=WHAT,...]", or "NAME data".
#pragma once

#include "hal/boot.h"

static constexpr unsigned WIRING_NAME = 16;
static constexpr unsigned WIRING_LIST = 8;

struct wiring {
    char name[WIRING_NAME];
    bool data;
    bool rest;             // limit=rest
    uint64_t limit_frames; // 0: none given
    char serves[WIRING_NAME];
    char uses[WIRING_LIST][WIRING_NAME];
    char opens[WIRING_LIST][WIRING_NAME];
    char holds[WIRING_LIST][WIRING_NAME];
    unsigned uses_count, opens_count, holds_count;
};

// False with a text that says what is wrong and where in the line.
bool wiring_parse(const char *line, struct wiring *wiring, char *problem, size_t problem_size);
