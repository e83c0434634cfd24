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

struct loop {
    struct server *server;
    struct request request;
    struct message_info info;
};

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

static void dispatch_request(struct server *server, struct request *request)
{
    uint16_t number = (uint16_t)(request->message.tag >> TAG_PROTOCOL_SHIFT);
    for (unsigned i = 0; i < SERVER_PROTOCOLS; i++) {
        const struct server_protocol *protocol = &server->protocols[i];
        if (protocol->number == number && protocol->dispatch != nullptr) {
            protocol->dispatch(protocol->handlers, request);
            return;
        }
    }
    request_refuse(request, ERR_BAD_PROTOCOL);
}

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

// Handles what is not a request; false if it has no answer.
static bool handle_event(struct server *server, struct request *request, enum message_kind kind)
{
    if (kind == KIND_FAULT && server->faulted != nullptr)
        return server->faulted(server, request) != REQUEST_KEPT;
    if (kind == KIND_NOTIFICATION && server->notified != nullptr)
        server->notified(server, request->badge, request->message.word[0]);
    else if (kind == KIND_DEATH)
        tell_death(server, request);
    return false;
}

// Handles what was received; false if there is nothing to answer.
static bool handle(struct loop *loop)
{
    struct request *request = &loop->request;
    request->badge = loop->info.badge;
    request->charge = loop->info.charge;
    if (loop->info.kind != KIND_REQUEST) [[clang::unlikely]]
        return handle_event(loop->server, request, loop->info.kind);
    dispatch_request(loop->server, request);
    return (int16_t)request->message.tag != (int16_t)REQUEST_KEPT;
}

// Whether reply_receive did not even answer; else the status is that of receiving.
static bool is_refusal(status_t status)
{
    return status != OK && status != ERR_TIMED_OUT && status != ERR_NOT_ALLOWED;
}

static ticks_t deadline_of(struct server *server)
{
    return server->next_deadline == nullptr ? 0 : server->next_deadline(server);
}

static status_t receive(struct loop *loop)
{
    struct server *server = loop->server;
    return message_receive(server->port, &loop->request.message, &loop->info, deadline_of(server));
}

// What the answer carries is remembered, since the message is gone when it turns out to be refused.
static status_t answer_loaded(struct loop *loop)
{
    struct message *message = &loop->request.message;
    struct message answer = *message;
    status_t status = message_reply_receive(loop->server->port, message, &loop->info,
                                            deadline_of(loop->server));
    if (!is_refusal(status))
        return status;
    answer_refused(HANDLE_NONE, &answer, status);
    return receive(loop);
}

static status_t answer_and_receive(struct loop *loop)
{
    if (!request_is_bare(&loop->request)) [[clang::unlikely]]
        return answer_loaded(loop);
    status_t status = message_reply_receive(loop->server->port, &loop->request.message,
                                            &loop->info, deadline_of(loop->server));
    if (!is_refusal(status)) [[clang::likely]]
        return status;
    answer_refused(HANDLE_NONE, &(struct message){}, status);
    return receive(loop);
}

status_t server_run(struct server *server)
{
    struct loop loop = {.server = server, .request.server = server};
    status_t status = windows_prepare(server);
    if (status == OK)
        status = receive(&loop);
    while (status == OK || status == ERR_TIMED_OUT) {
        bool answered = true;
        if (status == ERR_TIMED_OUT) {
            if (server->timed_out != nullptr)
                server->timed_out(server);
        } else {
            answered = !handle(&loop);
        }
        status = answered ? receive(&loop) : answer_and_receive(&loop);
    }
    return status;
}
