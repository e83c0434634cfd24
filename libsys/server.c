// The server loop: takes messages from a port, has each handled, and answers.
//
// An answer and the next receive are one system call. When an answer is refused, the client gets
// the reason in its place, and what the answer was to carry is freed, so that nothing is answered
// twice and nothing is left over.

#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/system.h>

#include "server_internal.h"

// Every program has landing windows of this size before main.
static constexpr unsigned DEFAULT_WINDOW_PAGES = 16;
static constexpr unsigned DEFAULT_WINDOWS = 4;

static unsigned power_of_two_from(unsigned number)
{
    unsigned power = 1;
    while (power < number)
        power *= 2;
    return power;
}

// Makes room for the largest request, unless there is enough.
static status_t windows_prepare(const struct server *server)
{
    unsigned pages = 0, windows = server->windows == 0 ? 1 : server->windows;
    for (unsigned i = 0; i < SERVER_PROTOCOLS; i++)
        if (server->protocols[i].pages > pages)
            pages = server->protocols[i].pages;
    if (pages == 0 || (pages <= DEFAULT_WINDOW_PAGES && windows <= DEFAULT_WINDOWS))
        return OK;
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

// REQUEST_KEPT: it has no answer.
static status_t handle_event(struct server *server, struct request *request, enum message_kind kind)
{
    if (kind == KIND_FAULT && server->faulted != nullptr)
        return server->faulted(server, request);
    if (kind == KIND_NOTIFICATION && server->notified != nullptr)
        server->notified(server, request->badge, request->message.word[0]);
    else if (kind == KIND_DEATH)
        tell_death(server, request);
    return REQUEST_KEPT;
}

// --- the loop ------------------------------------------------------------------------------------

// In a request's result, beside what the kernel puts there: it brought a parcel or handles.
static constexpr uint64_t RESULT_LOADED = 1 << 23;

// One system call: sends the message (none if it only receives) and puts what comes next into the
// request, whose parcel and handles are 0 before.
static inline void exchange(struct server *server, unsigned call, struct message message,
                            struct request *request)
{
    uint64_t target = server->port;
    uint64_t extra = server->next_deadline == nullptr ? 0 : server->next_deadline(server);
    request->result = message_system_call(call, &target, &message, &extra);
    request->badge = target;
    request->message.tag = message.tag;
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        request->message.word[i] = message.word[i];
    if (!message_is_bare(&message)) [[clang::unlikely]] {
        request->message = message;
        request->result |= RESULT_LOADED;
    }
}

static void receive(struct server *server, struct request *request)
{
    request->message = (struct message){};
    exchange(server, CALL_receive, (struct message){}, request);
}

// After reply_receive has failed: if it was receiving that did, the answer is out; else the client
// gets the reason instead.
static void after_failure(struct server *server, struct request *request,
                          const struct message *answer)
{
    status_t status = message_status(request->result);
    if (status == ERR_TIMED_OUT || status == ERR_NOT_ALLOWED)
        return;
    answer_refused(HANDLE_NONE, answer, status);
    receive(server, request);
}

// Answers with the request's message.
static void answer(struct server *server, struct request *request)
{
    struct message message = request->message;
    request->message = (struct message){};
    exchange(server, CALL_reply_receive, message, request);
    if (message_status(request->result) != OK)
        after_failure(server, request, &message);
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

static status_t dispatch(struct server *server, struct request *request)
{
    uint16_t number = (uint16_t)(request->message.tag >> TAG_PROTOCOL_SHIFT);
    const struct server_protocol *protocol = server->protocols;
    for (unsigned i = 1; i < SERVER_PROTOCOLS; i++)
        if (server->protocols[i].methods != 0 &&
            server->protocols[i].tag == (uint32_t)number << TAG_PROTOCOL_SHIFT)
            protocol = &server->protocols[i];
    request_dispatch(protocol, request);
    return message_reply_status(&request->message);
}

// Handles whatever has arrived.
static void turn(struct server *server, struct request *request)
{
    enum message_kind kind = (enum message_kind)(request->result >> RESULT_KIND_SHIFT & 15);
    status_t status =
        kind == KIND_REQUEST ? dispatch(server, request) : handle_event(server, request, kind);
    finish(server, request, status);
}

// The usual arrival: a request of the first protocol that brings words alone.
static inline bool is_usual(const struct server *server, const struct request *request)
{
    constexpr uint64_t looked_at = 0xffff | 15 << RESULT_KIND_SHIFT | RESULT_LOADED;
    const struct server_protocol *protocol = server->protocols;
    uint64_t tag = request->message.tag;
    return (request->result & looked_at) == KIND_REQUEST << RESULT_KIND_SHIFT &&
           (tag & REQUEST_TAG_MASK) == protocol->tag && (uint8_t)tag < protocol->methods;
}

// The same as turn for a usual arrival, with few instructions if the answer is words alone too.
static inline void turn_quickly(struct server *server, struct request *request)
{
    static const struct message nothing = {};
    const struct server_protocol *protocol = server->protocols;
    status_t status = protocol->table[(uint8_t)request->message.tag](protocol->handlers, request);
    if (status != OK || !message_is_bare(&request->message)) [[clang::unlikely]] {
        finish(server, request, status);
        return;
    }
    struct message message = {};
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        message.word[i] = request->message.word[i];
    exchange(server, CALL_reply_receive, message, request);
    if (message_status(request->result) != OK) [[clang::unlikely]]
        after_failure(server, request, &nothing);
}

status_t server_run(struct server *server)
{
    struct request request = {.server = server};
    status_t status = windows_prepare(server);
    if (status != OK)
        return status;
    receive(server, &request);
    for (;;) {
        status = message_status(request.result);
        if (is_usual(server, &request)) [[clang::likely]] {
            turn_quickly(server, &request);
        } else if (status == OK) {
            turn(server, &request);
        } else if (status == ERR_TIMED_OUT) {
            if (server->timed_out != nullptr)
                server->timed_out(server);
            receive(server, &request);
        } else {
            return status;
        }
    }
}
