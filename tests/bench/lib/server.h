// The other side of the benchmarks: a second process of the same program.
//
// A program that is started with one of the roles below as its only argument becomes that server
// (server_become); without one it starts them (server_start).
#pragma once

#include <abi/message.h>
#include <baton/spawn.h>
#include <protocols/bench.h>

struct server_process {
    struct child child;
    handle_t port;         // to call it
    handle_t notification; // to signal it
};

// Tags of what the plain server answers; the typed one answers protocol bench.
static constexpr uint64_t PLAIN_ECHO = (uint64_t)BENCH_PROTOCOL << TAG_PROTOCOL_SHIFT | 16;
static constexpr uint64_t PLAIN_DROP = PLAIN_ECHO + 1; // frees what was given with the last request
static constexpr uint64_t PLAIN_WOKEN = PLAIN_ECHO + 2; // word 0: ticks when last notified

// If the arguments name a role, plays it until the process is ended.
void server_become(int argc, char **argv);

// Starts `path` (one's own) in a role: "plain", "large" (plain, and takes gifts of 2 MiB and
// 1 GiB), "taker" (taker.h), "typed" or "yielder". Ends the program on failure.
void server_start(const char *path, const char *role, struct server_process *server);

void server_stop(struct server_process *server);
