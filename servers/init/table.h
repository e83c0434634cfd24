// /etc/services as a table: parsing alone, no system calls (README.md has the format).
#pragma once

#include <abi/types.h>

#include <stddef.h>

static constexpr unsigned SERVICES_MAXIMUM = 32;
static constexpr unsigned USES_MAXIMUM = 16;
static constexpr uint64_t SERVICE_LIMIT_DEFAULT = 256; // frames

struct service_use {
    const char *as, *what;
};

// All texts point into the parsed file.
struct service_line {
    const char *name, *path;
    const char *serves;   // null: nothing
    uint32_t protocol;    // of `serves`
    struct service_use use[USES_MAXIMUM];
    unsigned uses;
    uint64_t limit_frames;
    unsigned restarts;    // that are left
    bool session;
};

// Takes a file apart, changing it: `text` has `size` bytes and is ended by 0 behind them. Returns
// the number of services; lines that are wrong are told to `complain` with their number, and left
// out.
unsigned services_parse(char *text, struct service_line services[SERVICES_MAXIMUM],
                        void (*complain)(unsigned line, const char *what));
