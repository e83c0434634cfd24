// A module line, taken apart: "NAME [limit=SIZE] [serves=PORT[:PROTOCOL]] [uses=PORT,...]
// [opens=MODULE,...] [holds=WHAT,...] [overcommit=N]", or "NAME data".
#pragma once

#include "hal/boot.h"

static constexpr unsigned WIRING_NAME = 16;
static constexpr unsigned WIRING_GRANTS = 16;

enum wiring_kind : uint8_t { WIRING_SERVES, WIRING_USES, WIRING_OPENS, WIRING_HOLDS, WIRING_KINDS };

struct wiring {
    char name[WIRING_NAME];
    bool data;
    bool rest;             // limit=rest
    uint8_t overcommit;    // how often that is handed out, 1 to 9
    uint64_t limit_frames; // 0: none given
    struct wiring_grant {
        enum wiring_kind kind;
        char name[WIRING_NAME];
    } grant[WIRING_GRANTS];
    unsigned grants;
};

// False with a text that says what is wrong and where in the line.
bool wiring_parse(const char *line, struct wiring *wiring, char *problem, size_t problem_size);
