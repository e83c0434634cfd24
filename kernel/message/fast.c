// The message path when nothing has to wait, nothing but words travels, and nothing is traced: a call
// to a server that waits, and a reply to a caller when no other request is there. Everything else is
// handed on to the slow path; until then nothing has been written but what that path writes anyway.
//
// The five words stay in rbx and r12 to r15 throughout. Arguments and results are the other registers
// (entry.S says which is which); `low` and `high` come as 0 and stay so.

#include "message/fast.h"

REGCALL void message_call_fast(PARAMETERS) {
    struct thread *caller = HART_GET(current);
    caller->registers.rip = rip;
    caller->registers.rsp = rsp;
    caller->call.deadline = deadline;
    const struct handle_entry *entry = fast_entry(caller, target);
    if (!LIKELY(hal_token_spend()) || !LIKELY(fast_fits(&entry->call_handle, target)) ||
        !LIKELY(deadline - 1 >= HART_GET(tick_guard)) ||
        !LIKELY(caller->hand.caller == nullptr)) // else a deadline is inherited
        goto out_slow;
    struct port *port = (struct port *)entry->object;
    if (!LIKELY(spinlock_try(&port->lock)))
        goto out_slow;
    struct thread *server = port->waiting;
    if (!LIKELY(server != nullptr) || !LIKELY(server->slow_any == 0))
        goto out_unlock;
    port->waiting = server->next;
    server->port = nullptr;
    uint64_t word = caller->call.word + CALL_GENERATION + CALL_TAKEN;
    server->hand.caller = caller;
    server->hand.word = word;
    __c11_atomic_store(&caller->call.word, word, __ATOMIC_RELEASE);
    spinlock_release(&port->lock);
    fast_switch(server);
    [[clang::musttail]] return message_leave(KIND_REQUEST << RESULT_KIND_SHIFT,
                                             server->registers.rip, server->registers.rsp,
                                             entry->badge, tag, low, high);
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return message_call_slow(TO_SLOW);
}

REGCALL void message_reply_receive_fast(PARAMETERS) {
    (void)deadline; // none
    struct thread *server = HART_GET(current);
    server->registers.rip = rip;
    server->registers.rsp = rsp;
    const struct handle_entry *entry = fast_entry(server, target);
    struct thread *caller = server->hand.caller;
    if (!LIKELY(server->hand.lender == nullptr))
        goto out_return;
    if (!LIKELY(hal_token_spend()) || !LIKELY(fast_fits(&entry->receive_handle, target)) ||
        !LIKELY(caller != nullptr) || !LIKELY(caller->slow_any == 0))
        goto out_slow;
    struct port *port = (struct port *)entry->object;
    if (!LIKELY(spinlock_try(&port->lock)))
        goto out_slow;
    uint64_t word = server->hand.word;
    if (!LIKELY(port->pending == 0) ||
        !LIKELY(__c11_atomic_compare_exchange_strong(&caller->call.word, &word, word - CALL_TAKEN,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        goto out_unlock;
    server->hand.caller = nullptr;
    server->port = port;
    server->next = port->waiting;
    port->waiting = server;
    spinlock_release(&port->lock);
    fast_switch(caller);
    [[clang::musttail]] return message_leave(0, caller->registers.rip, caller->registers.rsp, 0,
                                             tag, low, high);
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return message_reply_receive_slow(TO_SLOW);
out_return:
    [[clang::musttail]] return message_return_fast(0, 0, 0, target, tag, low, high);
}
