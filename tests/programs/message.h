// For tests of messages: an obedient server in a process of its own (message_server.c), how to
// start one, and checks that end the program where one fails.
#pragma once

#include <baton/message.h>
#include <baton/parcel.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <stdio.h>
#include <stdlib.h>

// What the server does with a request, by its tag.
enum deed : uint8_t {
    DO_ECHO = 1,   // answers the same words
    DO_KEEP,       // keeps the request
    DO_COUNT,      // word 0: how many it has kept so far
    DO_ANSWER,     // answers the kept request number word 0 with word 1, after word 2 ms, then
                   // this one
    DO_CLOSE,      // closes the handle of the kept request number word 0
    DO_IGNORE,     // receives again without answering
    DO_DIE,        // faults while it holds the request
    DO_END_THREAD, // ends its thread while it holds the request
    DO_WAIT,       // answers after word 0 ms
    DO_WRITE,      // word 0 into the parcel's first word; answers what was there
    DO_DROP,       // frees the gift
    DO_GIVE,       // answers with a page whose first word is word 0, given
    DO_ABUSE,      // frees, gives, protects, clones what was borrowed; words: what that answered
    DO_LEND_ON,    // calls handle 0 with DO_WAIT word 1 and the parcel lent on, deadline word 0 ms;
                   // then does what word 2 says, and closes the handle
    DO_HANDLES,    // words: type and rights of the handles that came; closes them
    DO_SIGNAL,     // signals word 0 at handle 0
    DO_REGISTERS,  // words: what registers and vectors brought when the last request came
    DO_ACCEPT,     // accepts word 0 frames, word 1 handles, flags word 2 from now on
};

static constexpr uint64_t MS = 1'000'000;
static constexpr uint64_t PEER_FRAMES = 256;

struct peer {
    struct child child;
    handle_t port;
};

[[gnu::unused, noreturn]] static void fail(int line, const char *what, int64_t is, int64_t expected)
{
    printf("FAILED line %d: %s is %lld, not %lld\n", line, what, (long long)is,
           (long long)expected);
    exit(1);
}

#define EXPECT(actual, expected)                                                                   \
    do {                                                                                           \
        int64_t is_ = (int64_t)(actual), should_ = (int64_t)(expected);                            \
        if (is_ != should_)                                                                        \
            fail(__LINE__, #actual, is_, should_);                                                 \
    } while (false)

// Starts a program of /test with a port to receive from under the name "port"; `uses` (or 0) is a
// handle that it gets under the name "uses".
[[gnu::unused]] static struct peer peer_start_limited(const char *path, const char *argument,
                                                      handle_t uses, uint64_t limit_frames)
{
    static const char *const names[] = {"stdout", "stderr", "system", nullptr};
    struct peer peer;
    uint64_t port, call;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_port_derive((handle_t)port, 7, RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER,
                              &call),
           OK);
    struct spawn_handle handles[5] = {{"port", (handle_t)port, RIGHTS_ALL, true},
                                      {"uses", uses, RIGHTS_ALL, false}};
    unsigned own = uses != 0 ? 2 : 1;
    const char *const arguments[] = {path, argument, nullptr};
    struct spawn what = {
        .program = start_handle("program"),
        .path = path,
        .arguments = arguments,
        .handles = handles,
        .handle_count = own + spawn_handles_inherit(names, handles + own, 3),
        .limit_frames = limit_frames,
    };
    EXPECT(spawn(&what, HANDLE_NONE, 0, &peer.child), OK);
    peer.port = (handle_t)call;
    return peer;
}

[[gnu::unused]] static struct peer peer_start_program(const char *path, const char *argument,
                                                      handle_t uses)
{
    return peer_start_limited(path, argument, uses, PEER_FRAMES);
}

[[gnu::unused]] static struct peer peer_start(void)
{
    return peer_start_program("/test/message_server", nullptr, HANDLE_NONE);
}

[[gnu::unused]] static void peer_wait(struct peer *peer)
{
    struct child_end end;
    EXPECT(child_wait(&end, deadline_default()), OK);
    EXPECT(end.number, peer->child.number);
    child_close(&peer->child);
    (void)system_handle_close(peer->port);
}

[[gnu::unused]] static void peer_stop(struct peer *peer)
{
    EXPECT(system_process_end(peer->child.process, 0), OK);
    peer_wait(peer);
}

// A call whose answer's own status is the result if the call itself succeeds.
[[gnu::unused]] static status_t ask(handle_t port, struct message *message, uint64_t ms)
{
    status_t status = message_call(port, message, deadline_after(ms * MS));
    return status == OK ? message_reply_status(message) : status;
}

[[gnu::unused]] static status_t ask_words(handle_t port, enum deed deed, uint64_t a, uint64_t b,
                                          uint64_t c)
{
    struct message message = {.tag = deed, .word = {a, b, c}};
    return ask(port, &message, 5000);
}

// A page of one's own with this first word.
[[gnu::unused]] static volatile uint64_t *page_with(uint64_t word)
{
    void *page;
    EXPECT(pages_allocate(1, &page), OK);
    *(uint64_t *)page = word;
    return page;
}
