// The server loop's fast part, inlined into the program (baton/server.h includes it).
//
// A request that brings words alone, for a method of the first protocol whose arguments and results
// are all scalars, is served here without touching memory: its words stay in the registers that
// they came in until the handler is called, and the handler itself is inlined if the compiler knows
// it. For that the loop copies what it needs of the server first, and lets only copies of what has
// arrived go elsewhere. Everything else is server_serve's.
#pragma once

#include <baton/server.h>

// Makes ready to serve, and receives the first message.
status_t server_begin(struct server *server, struct request *request);

// Does what has to be done with what arrived, and serves on until a request comes that the fast
// part can serve. `status` is what the handler of what arrived returned, or REQUEST_NOT_WORDS if
// nobody has looked at it; it may be the error of the fast part's own answer. Errors: those that
// end server_run.
status_t server_serve(struct server *server, struct request *request, status_t status);

// Whether a request has arrived that brings words alone.
static inline bool request_is_words(const struct request *request)
{
    return request->result == (uint64_t)KIND_REQUEST << RESULT_KIND_SHIFT &&
           message_is_bare(&request->message);
}

// One system call: sends the message (none if it only receives) and brings what comes next.
[[gnu::always_inline]] static inline void request_exchange(struct request *request, unsigned call,
                                                           handle_t port, ticks_t deadline)
{
    uint64_t target = port, extra = deadline;
    request->result = message_system_call(call, &target, &request->message, &extra);
    request->badge = target;
}

// Has a request that brings words alone served, if it is for such a method.
[[gnu::always_inline]] static inline status_t
request_serve_words(struct server *server, const struct server_protocol *protocol,
                    struct request *arrived)
{
    struct request request; // its message is not for handlers
    request.result = arrived->result;
    request.badge = arrived->badge;
    request.server = server;
    return protocol->words(protocol->handlers, &request, arrived->message.tag,
                           arrived->message.word);
}

[[gnu::always_inline]] static inline status_t server_run(struct server *server)
{
    const struct server_protocol first = server->protocols[0];
    const handle_t port = server->port;
    ticks_t (*const next_deadline)(struct server *) = server->next_deadline;
    struct request given = {}; // what others see: the address of `arrived` goes nowhere
    status_t status = server_begin(server, &given);
    struct request arrived = given;
    while (status == OK) {
        status_t answer = REQUEST_NOT_WORDS;
        if (first.words != nullptr && request_is_words(&arrived)) [[clang::likely]]
            answer = request_serve_words(server, &first, &arrived);
        if (answer == OK) [[clang::likely]] {
            arrived.message.tag = OK;
            arrived.message.parcel = 0; // as it is already: the compiler need not keep it
            for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
                arrived.message.handle[i] = HANDLE_NONE;
            request_exchange(&arrived, CALL_reply_receive, port,
                             next_deadline == nullptr ? 0 : next_deadline(server));
        } else {
            given = arrived;
            status = server_serve(server, &given, answer);
            arrived = given;
        }
    }
    return status;
}
