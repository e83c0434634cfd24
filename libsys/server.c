// The server loop: takes messages from a port, has each handled, and answers.
//
// An answer and the next receive are one system call, unless the answer parts with something. When
// an answer is refused, the client gets the reason in its place. What the answer was to part with
// is freed then, and also when the caller no longer waits, so that nothing is answered twice and
// nothing is left over. The fast part of the loop is in baton/server_loop.h.

#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/system.h>

#include "server_internal.h"

// What landing_prepare_default makes.
static constexpr unsigned DEFAULT_WINDOW_PAGES = 16;
static constexpr unsigned DEFAULT_WINDOWS = 4;

static unsigned power_of_two_from(unsigned number)
{
    unsigned power = 1;
    while (power < number)
        power *= 2;
    return power;
}

// Makes room for the largest request, unless there is enough. A fault brings a page too.
static status_t windows_prepare(const struct server *server)
{
    unsigned pages = 0, windows = server->windows == 0 ? 1 : server->windows;
    for (unsigned i = 0; i < SERVER_PROTOCOLS; i++)
        if (server->protocols[i].pages > pages)
            pages = server->protocols[i].pages;
    if (pages == 0 && server->faulted == nullptr)
        return handles_accept();
    if (pages <= DEFAULT_WINDOW_PAGES && windows <= DEFAULT_WINDOWS)
        return landing_prepare_default();
    return landing_prepare(windows, power_of_two_from(pages));
}

// --- what is not a request -----------------------------------------------------------------------

static void tell_death(struct server *server, const struct request *request)
{
    if (server->died == nullptr)
        return;
    const uint64_t *word = request->message.word;
    server->died(server, &(struct server_death){
                             .badge = request->badge,
                             .process = (uint32_t)word[0],
                             .status = (uint32_t)word[1],
                             .cause = (enum end_cause)word[2],
                             .address = word[3],
                         });
}

static void tell_completion(struct server *server, struct request *request)
{
    bool failed = request->result & RESULT_FAILED;
    if (server->completed == nullptr)
        return;
    server->completed(server, &(struct server_completion){
                                  .badge = request->badge,
                                  .error = failed ? message_reply_status(&request->message) : OK,
                                  .taken = request->result & RESULT_TAKEN,
                                  .charge = request_charge(request),
                                  .reply = &request->message,
                              });
}

// REQUEST_KEPT: it has no answer.
static status_t handle_event(struct server *server, struct request *request, enum message_kind kind)
{
    if (kind == KIND_FAULT && server->faulted != nullptr)
        return server->faulted(server, request);
    if (kind == KIND_NOTIFICATION && server->notified != nullptr)
        server->notified(server, request->badge, request->message.word[0]);
    else if (kind == KIND_DEATH)
        tell_death(server, request);
    else if (kind == KIND_COMPLETION)
        tell_completion(server, request);
    return REQUEST_KEPT;
}

// --- turns ---------------------------------------------------------------------------------------

static ticks_t deadline_of(struct server *server)
{
    return server->next_deadline == nullptr ? 0 : server->next_deadline(server);
}

static void receive(struct server *server, struct request *request)
{
    request->message = (struct message){};
    request_exchange(request, CALL_receive, server->port, deadline_of(server));
}

static enum message_kind kind_of(const struct request *request)
{
    return (enum message_kind)(request->result >> RESULT_KIND_SHIFT & 15);
}

// After a reply_receive that parted with nothing: if it failed, and not in receiving, the request
// is still in hand, and the client gets the reason. (ERR_OCCUPIED is for faults: something else is
// in the page's place by now, so the thread touches that again.)
static void after_exchange(struct server *server, struct request *request)
{
    static const struct message nothing = {};
    status_t status = message_status(request->result);
    if (status == OK || status == ERR_TIMED_OUT || status == ERR_PORT_CLOSED)
        return;
    answer_refused(HANDLE_NONE, &nothing, status == ERR_OCCUPIED ? OK : status);
    receive(server, request);
}

// Answers with the request's message, and receives the next one. The page that a fault did not take
// stays where it is.
static void answer(struct server *server, struct request *request)
{
    if (answer_parts_with(&request->message) && kind_of(request) != KIND_FAULT) {
        struct kept_request in_hand = {HANDLE_NONE};
        (void)reply_kept(&in_hand, &request->message);
        receive(server, request);
    } else {
        request_exchange(request, CALL_reply_receive, server->port, deadline_of(server));
        after_exchange(server, request);
    }
}

// Answers a request with what its handler returned, and with the results if that is OK.
static void finish(struct server *server, struct request *request, status_t status)
{
    if (status != OK)
        request->message = (struct message){.tag = (uint16_t)status};
    if (status == REQUEST_KEPT)
        receive(server, request);
    else
        answer(server, request);
}

void request_dispatch(const struct server_protocol *protocol, struct request *request)
{
    uint64_t tag = request->message.tag;
    status_t status;
    request->message.tag = 0;
    if ((tag & 0xffff << TAG_PROTOCOL_SHIFT) != protocol->tag)
        status = request_refuse(request, ERR_BAD_PROTOCOL);
    else if ((uint8_t)tag >= protocol->methods)
        status = request_refuse(request, ERR_BAD_METHOD);
    else if ((tag & REQUEST_TAG_MASK) != protocol->tag)
        status = request_refuse(request, ERR_BAD_MESSAGE); // flags
    else
        status = protocol->table[(uint8_t)tag](protocol->handlers, request);
    if (status != OK)
        request->message = (struct message){.tag = (uint16_t)status};
}

// The one that a tag names, or the first.
static const struct server_protocol *protocol_of(const struct server *server, uint64_t tag)
{
    uint32_t wanted = (uint32_t)(tag & 0xffff << TAG_PROTOCOL_SHIFT);
    for (unsigned i = 1; wanted != server->protocols[0].tag && i < SERVER_PROTOCOLS; i++)
        if (server->protocols[i].methods != 0 && server->protocols[i].tag == wanted)
            return &server->protocols[i];
    return &server->protocols[0];
}

static status_t dispatch(struct server *server, struct request *request)
{
    request_dispatch(protocol_of(server, request->message.tag), request);
    return message_reply_status(&request->message);
}

// Handles whatever has arrived, and returns how to finish it.
static status_t handle(struct server *server, struct request *request)
{
    enum message_kind kind = kind_of(request);
    return kind == KIND_REQUEST ? dispatch(server, request) : handle_event(server, request, kind);
}

// Does what is to be done at a time, if that has come instead of a message, and receives again.
static status_t settle(struct server *server, struct request *request)
{
    status_t status;
    while ((status = message_status(request->result)) == ERR_TIMED_OUT) {
        if (server->timed_out != nullptr)
            server->timed_out(server);
        receive(server, request);
    }
    return status;
}

// Whether the fast part of the loop can serve what has arrived.
static bool is_fast(const struct server *server, const struct request *request)
{
    uint64_t tag = request->message.tag;
    return request_is_words(request) && (uint8_t)tag < 64 &&
           (server->protocols[0].fast >> (uint8_t)tag & 1) != 0 &&
           (tag & REQUEST_TAG_MASK) == server->protocols[0].tag;
}

status_t server_begin(struct server *server, struct request *request)
{
    status_t status = windows_prepare(server);
    if (status != OK)
        return status;
    receive(server, request);
    return settle(server, request);
}

status_t server_serve(struct server *server, struct request *request, status_t status)
{
    request->server = server;
    if (message_status(request->result) != OK)
        after_exchange(server, request);
    else if (status != REQUEST_NOT_WORDS)
        finish(server, request, status);
    while ((status = settle(server, request)) == OK && !is_fast(server, request))
        finish(server, request, handle(server, request));
    return status;
}
