// The message path when nothing has to wait, nothing but words travels, and nothing is traced: a
// call to a server that waits, and a reply to a caller when no other request is there. Everything
// else is handed on to the slow path; until then nothing has been written but what that path writes
// anyway.
//
// The five words stay in rbx and r12 to r15 throughout. Arguments and results are the other
// registers (entry.S says which is which); `low` and `high` come as 0 and stay so.

#include "message/fast.h"

REGCALL void message_call_fast(PARAMETERS) NO_THREAD_SAFETY_ANALYSIS {
    struct thread *caller = HART_GET(current);
    struct port *port;
    const struct handle_entry *entry;
    struct thread *server = fast_server(caller, deadline, rip, rsp, target, &port, &entry);
    if (!LIKELY(server != nullptr))
        [[clang::musttail]] return message_call_slow(TO_SLOW);
    fast_take(port, server, caller);
    fast_switch(server);
    [[clang::musttail]] return message_leave(KIND_REQUEST << RESULT_KIND_SHIFT,
                                             server->registers.rip, server->registers.rsp,
                                             entry->badge, tag, low, high);
}

REGCALL void message_reply_receive_fast(PARAMETERS) NO_THREAD_SAFETY_ANALYSIS {
    (void)deadline; // none
    struct thread *server = HART_GET(current);
    server->registers.rip = rip;
    server->registers.rsp = rsp;
    const struct handle_entry *entry = fast_entry(server, target);
    struct thread *caller = server->hand.caller;
    if (!LIKELY(server->hand.lender == nullptr))
        [[clang::musttail]] return message_return_fast(0, 0, 0, target, tag, low, high);
    struct port *port = fast_claim(server, entry, caller, target, -(uint64_t)CALL_TAKEN, 0);
    if (!LIKELY(port != nullptr))
        [[clang::musttail]] return message_reply_receive_slow(TO_SLOW);
    fast_wait(port, server);
    fast_switch(caller);
    [[clang::musttail]] return message_leave(0, caller->registers.rip, caller->registers.rsp, 0,
                                             tag, low, high);
}
