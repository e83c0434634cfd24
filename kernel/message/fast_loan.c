// The message path when one page is lent with the call, and comes home with the reply. What it checks
// beside that is what fast.c checks.
#include "message/fast.h"

// Exactly a loan of one page, writable or not.
static inline bool is_page_loan(parcel_t parcel) {
    return (parcel & ~(PARCEL_ADDRESS_MASK | PARCEL_WRITABLE)) ==
           (parcel_t)PARCEL_LEND << PARCEL_MODE_SHIFT;
}

REGCALL void message_lend_fast(PARAMETERS) {
    parcel_t parcel = low;
    struct thread *caller = HART_GET(current);
    caller->registers.rip = rip;
    caller->registers.rsp = rsp;
    caller->call.deadline = deadline;
    const struct handle_entry *entry = fast_entry(caller, target);
    if (!LIKELY(is_page_loan(parcel)) || !LIKELY(hal_token_spend()) ||
        !LIKELY(fast_fits(&entry->call_handle, target)) ||
        !LIKELY(deadline - 1 >= HART_GET(tick_guard)) ||
        !LIKELY(caller->hand.caller == nullptr) || !LIKELY(space_single(caller->space)))
        goto out_slow;
    struct port *port = (struct port *)entry->object;
    if (!LIKELY(spinlock_try(&port->lock)))
        goto out_slow;
    struct thread *server = port->waiting;
    parcel_t landed;
    if (!LIKELY(server != nullptr) || !LIKELY(server->slow_any == 0) ||
        !LIKELY(space_single(server->space)) ||
        !LIKELY(page_lend(caller->space, parcel, server->space, &server->hand.page, &landed)))
        goto out_unlock;
    tlb_wait();
    port->waiting = server->next;
    server->port = nullptr;
    uint64_t word = caller->call.word + CALL_GENERATION + CALL_TAKEN;
    server->hand.caller = caller;
    server->hand.word = word;
    server->hand.lender = caller->process;
    server->hand.home = parcel;
    server->hand.landed = landed;
    __c11_atomic_fetch_add(&caller->process->loans, 1, __ATOMIC_RELAXED);
    __c11_atomic_store(&caller->call.word, word, __ATOMIC_RELEASE);
    spinlock_release(&port->lock);
    fast_switch(server);
    [[clang::musttail]] return message_leave_with(
        KIND_REQUEST << RESULT_KIND_SHIFT | 1ull << RESULT_CHARGE_SHIFT, server->registers.rip,
        server->registers.rsp, entry->badge, tag, landed, 0);
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return message_lend_slow(TO_SLOW);
}

// The loan is home. Whoever waits for it is woken, unless there can be nobody: the process's only
// thread is the caller.
static inline void loan_count_down(struct process *lender) {
    __c11_atomic_fetch_sub(&lender->loans, 1, __ATOMIC_SEQ_CST);
    if (!LIKELY(space_single(&lender->space)))
        process_loans_look(lender);
}

REGCALL void message_return_fast(PARAMETERS) {
    (void)deadline, (void)rip, (void)rsp, (void)low, (void)high; // none, or stored already
    struct thread *server = HART_GET(current);
    const struct handle_entry *entry = fast_entry(server, target);
    struct thread *caller = server->hand.caller;
    struct process *lender = server->hand.lender;
    if (!LIKELY(hal_token_spend()) || !LIKELY(fast_fits(&entry->receive_handle, target)) ||
        !LIKELY(caller != nullptr) || !LIKELY(server->hand.page.cell != nullptr) ||
        !LIKELY(caller->slow_any == 0) || !LIKELY(space_single(server->space)))
        goto out_slow;
    struct port *port = (struct port *)entry->object;
    if (!LIKELY(spinlock_try(&port->lock)))
        goto out_slow;
    uint64_t word = server->hand.word, seen = word;
    if (!LIKELY(port->pending == 0) ||
        !LIKELY(__c11_atomic_compare_exchange_strong(&caller->call.word, &seen,
                                                     word - CALL_TAKEN + CALL_REPLYING,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        goto out_unlock;
    if (!LIKELY(page_return(server->space, server->hand.landed, caller->space, &server->hand.page)))
        goto out_unclaim;
    server->hand.caller = nullptr;
    server->hand.lender = nullptr;
    server->port = port;
    server->next = port->waiting;
    port->waiting = server;
    spinlock_release(&port->lock);
    tlb_wait();
    loan_count_down(lender);
    __c11_atomic_store(&caller->call.word, word - CALL_TAKEN, __ATOMIC_RELEASE);
    fast_switch(caller);
    [[clang::musttail]] return message_leave(0, caller->registers.rip, caller->registers.rsp, 0,
                                             tag, 0, 0);
out_unclaim:
    spinlock_release(&port->lock);
    call_unclaim(caller, word);
    [[clang::musttail]] return message_reply_receive_slow(0, 0, 0, target, tag, 0, 0);
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return message_reply_receive_slow(0, 0, 0, target, tag, 0, 0);
}
