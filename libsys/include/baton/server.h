// Servers: one loop that takes messages from a port and hands each to the handler of its method.
//
//     int main(void)
//     {
//         static const struct file_server handlers = {.open = open, .read = read};
//         struct server server = {.port = port, .protocols = {file_serve(&handlers)}};
//         return server_run(&server) == OK ? 0 : 1;
//     }
//
// Handlers are what NAME.h declares in struct NAME_server; a method without one is answered
// ERR_UNSUPPORTED. A handler gets arguments that are checked (include/protocols/README.md says
// what that includes), fills in its results, which begin as 0, and returns a status; results count
// only with OK.
//
// Who owns what. Text, bytes and structs are the server's own copies, and last until the handler
// returns. A lent parcel is there until the request is answered. A given one and handles are the
// handler's, whatever it returns: landing_take or landing_free (baton/parcel.h) for the parcel.
// A parcel or a handle in the results belongs to the loop from then on: if the client cannot take
// it, then one that was to be given is freed, and a handle that was to be moved is closed. So when
// the next request comes, slots that were given are empty. A text or bytes result that is a pointer
// points to room for all its bound when the handler begins: write there, or put another pointer
// that stays good until the answer.
//
// To answer later, a handler calls request_keep, keeps what it needs of its arguments, and returns
// REQUEST_KEPT; NAME_METHOD_reply answers.
#pragma once

#include <baton/message.h>
#include <baton/shape.h>
#include <stddef.h>

static constexpr unsigned SERVER_PROTOCOLS = 4; // on one port

// What a handler returns after request_keep. No status of a reply.
static constexpr status_t REQUEST_KEPT = (status_t)-1;

// What a serve_words_t returns for a message that is not for it. No status of a reply either.
static constexpr status_t REQUEST_NOT_WORDS = (status_t)-2;

struct server;

struct request {
    struct message message; // the request, then the reply: for generated code
    uint64_t result;        // status, kind and charge: RESULT_ in abi/message.h
    uint64_t badge;
    struct server *server;
};

// The number of the process that sent it, never used again.
static inline uint32_t request_process(const struct request *request)
{
    return (uint32_t)request->badge;
}

// What the server gave to port_derive for the handle that the client used.
static inline uint32_t request_badge(const struct request *request)
{
    return (uint32_t)(request->badge >> BADGE_OWNER_SHIFT);
}

// Frames that the parcel charges this process, if it was given.
static inline uint64_t request_charge(const struct request *request)
{
    return request->result >> RESULT_CHARGE_SHIFT;
}

// A request that is answered later.
struct kept_request {
    handle_t reply;
};

// Keeps the request in hand. ERR_NO_HANDLE.
static inline status_t request_keep(struct request *request, struct kept_request *kept)
{
    (void)request;
    return message_keep(&kept->reply);
}

// Up to 4 pages of 0 to give with the reply to come, and the parcel that they make; nullptr: no
// memory. Each reply gets fresh ones; a method whose results travel in pages has them already.
char *reply_page(unsigned pages);
parcel_t reply_parcel(unsigned pages);

struct server_death {
    uint64_t badge; // that process_watch was given
    uint32_t process;
    uint32_t status;
    enum end_cause cause;
    uaddr_t address;
};

// What came of a begun call (message_begin). The parcel and handles of the reply are the handler's.
struct server_completion {
    uint64_t badge; // that system_call_create was given
    status_t error; // of the call; with OK there is a reply, and its own status is in its tag
    bool taken;     // with an error: the server had taken the request
    uint64_t charge; // frames that the parcel charges this process, if it was given
    struct message *reply;
};

// Checks a request, calls its handler, and leaves the results in the message; the message counts
// only if OK is returned.
typedef status_t serve_method_t(const void *handlers, struct request *request);

// The same for a request that brings words alone, whose tag is `tag`, if it is for a method whose
// arguments and results are all scalars: `word` are its words and become those of the answer, but
// only if OK is returned. REQUEST_NOT_WORDS: it is for another, and the words are as they were.
typedef status_t serve_words_t(const void *handlers, struct request *request, uint64_t tag,
                               uint64_t word[MESSAGE_WORDS]);

// One protocol of a server: NAME_serve makes it.
struct server_protocol {
    uint32_t tag;     // of its requests, without the method
    uint32_t methods; // in the table, which serves all and is indexed by method number
    uint32_t pages;   // of the largest parcel of level 1 that a request brings
    uint64_t fast;    // bit N: `words` serves method N, below 64
    serve_words_t *words;
    serve_method_t *const *table;
    const void *handlers;
};

// None of it changes while server_run serves.
struct server {
    handle_t port;
    struct server_protocol protocols[SERVER_PROTOCOLS];
    unsigned windows; // requests with a parcel that are kept or in hand at once; 0: one
    void *context;    // the server's own

    // All of these may be absent.
    void (*notified)(struct server *server, uint64_t badge, uint64_t bits);
    void (*died)(struct server *server, const struct server_death *death);
    void (*completed)(struct server *server, const struct server_completion *completion);
    // The message is the answer. If a page in it is refused it stays where it is, and the thread
    // gets the reason or, if its place is no longer free, touches it again.
    status_t (*faulted)(struct server *server, struct request *request);
    ticks_t (*next_deadline)(struct server *server); // when to call timed_out; 0: never
    void (*timed_out)(struct server *server);
};

// Serves until the port can no longer be received from, and returns why. Inline, so that where the
// handlers are constants the compiler sees through to them (baton/server_loop.h).
static inline status_t server_run(struct server *server);

// Has one request answered as server_run does: its message becomes the answer. The tag of a kept
// one says REQUEST_KEPT.
void request_dispatch(const struct server_protocol *protocol, struct request *request);

// --- what generated code uses --------------------------------------------------------------------

// The part of a tag that says the protocol, and that no flag is set.
static constexpr uint64_t REQUEST_TAG_MASK = 0xf0ffff00;

// Drops what a refused request brought, and is the status.
status_t request_refuse(struct request *request, status_t status);

// What stands in tables for numbers without a method.
status_t request_unknown(const void *handlers, struct request *request);

// Compares a request with its shape.
bool request_fits(const struct request *request, const struct message_shape *shape, uint64_t most);

// Copy arguments out of the lent page, or out of the words; false if malformed. `text` has room
// for the bound and a 0, `bytes` for the bound.
bool request_page_text(const struct request *request, size_t offset, char *text, size_t bound);
bool request_page_bytes(const struct request *request, size_t offset, void *bytes, uint32_t *length,
                        size_t bound);
void request_page_copy(const struct request *request, size_t offset, void *to, size_t size);
bool request_word_text(const struct request *request, unsigned word, char *text, size_t bound);
bool request_word_bytes(const struct request *request, unsigned word, void *bytes, uint32_t *length,
                        size_t bound);

// Put results into the page or the words. Text that is too long or has no end is cut.
void reply_page_text(char *page, size_t offset, const char *text, size_t bound);
void reply_page_bytes(char *page, size_t offset, const void *bytes, size_t length, size_t bound);
void reply_word_text(struct message *message, unsigned word, const char *text, size_t bound);
void reply_word_bytes(struct message *message, unsigned word, const void *bytes, size_t length,
                      size_t bound);

// Answers a kept request. The status is that of sending the answer: ERR_CANCELLED if the caller no
// longer waits; if the client could not take the results, it gets that error, and so does this.
status_t reply_kept(struct kept_request *kept, struct message *message);

#include <baton/server_loop.h>
