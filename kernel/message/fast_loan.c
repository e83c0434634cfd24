// The message path when one page is lent with the call, and comes home with the reply, or one entry
// is given. What it checks beside that is what fast.c checks.
#include "message/fast.h"

static inline bool carry(struct space *from, parcel_t parcel, struct thread *server,
                         parcel_t *landed, uint64_t *charge) {
    static constexpr parcel_t lend = (parcel_t)PARCEL_LEND << PARCEL_MODE_SHIFT;
    static constexpr parcel_t give = (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT;
    static constexpr parcel_t higher = 1ull << PARCEL_LEVEL_SHIFT;
    struct space *to = server->space;
    uint64_t accepted = server->acceptance.charge;
    switch (parcel & ~(PARCEL_ADDRESS_MASK | PARCEL_WRITABLE)) {
    case lend:
        return straight_pass(from, parcel, to, 0, 1, &server->hand.page, nullptr, landed, charge);
    case give:
        return straight_pass(from, parcel, to, accepted, 1, nullptr, nullptr, landed, charge);
    case give | higher:
        return straight_pass(from, parcel, to, accepted, 2, nullptr, nullptr, landed, charge);
    case give | 2 * higher:
        return straight_pass(from, parcel, to, accepted, 3, nullptr, nullptr, landed, charge);
    default:
        return false;
    }
}

REGCALL void message_carry_fast(PARAMETERS) NO_THREAD_SAFETY_ANALYSIS {
    parcel_t parcel = low, landed;
    uint64_t charge;
    struct thread *caller = HART_GET(current);
    struct port *port;
    const struct handle_entry *entry;
    struct thread *server = fast_server(caller, deadline, rip, rsp, target, &port, &entry);
    if (!LIKELY(server != nullptr))
        goto out_slow;
    if (!LIKELY(space_single(caller->space)) || !LIKELY(space_single(server->space)) ||
        !LIKELY(carry(caller->space, parcel, server, &landed, &charge)))
        goto out_unlock;
    tlb_wait();
    if (parcel_mode(parcel) & PARCEL_LEND) { // else PARCEL_GIVE
        server->hand.lender = caller->process;
        server->hand.home = parcel;
        server->hand.landed = landed;
        __c11_atomic_fetch_add(&caller->process->loans, 1, __ATOMIC_RELAXED);
    }
    fast_take(port, server, caller);
    fast_switch(server);
    [[clang::musttail]] return message_leave_with(
        KIND_REQUEST << RESULT_KIND_SHIFT | charge << RESULT_CHARGE_SHIFT, server->registers.rip,
        server->registers.rsp, entry->badge, tag, landed, 0);
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return message_carry_slow(TO_SLOW);
}

// The loan is home. Whoever waits for it is woken, unless there can be nobody: the process's only
// thread is the caller.
static inline void loan_count_down(struct process *lender) {
    __c11_atomic_fetch_sub(&lender->loans, 1, __ATOMIC_SEQ_CST);
    if (!LIKELY(space_single(&lender->space)))
        process_loans_look(lender);
}

REGCALL void message_return_fast(PARAMETERS) NO_THREAD_SAFETY_ANALYSIS {
    (void)deadline, (void)rip, (void)rsp, (void)low, (void)high; // none, or stored already
    struct thread *server = HART_GET(current);
    const struct handle_entry *entry = fast_entry(server, target);
    struct thread *caller = server->hand.caller;
    struct process *lender = server->hand.lender;
    uint64_t word = server->hand.word;
    struct port *port = nullptr;
    if (LIKELY(server->hand.page.cell != nullptr) && LIKELY(space_single(server->space)))
        port = fast_claim(server, entry, caller, target, CALL_REPLYING - CALL_TAKEN, 0);
    if (!LIKELY(port != nullptr))
        goto out_slow;
    if (!LIKELY(page_return(server->space, server->hand.landed, caller->space, server->hand.home,
                            &server->hand.page)))
        goto out_unclaim;
    server->hand.lender = nullptr;
    fast_wait(port, server);
    tlb_wait();
    loan_count_down(lender);
    __c11_atomic_store(&caller->call.word, word - CALL_TAKEN, __ATOMIC_RELEASE);
    fast_switch(caller);
    [[clang::musttail]] return message_leave(0, caller->registers.rip, caller->registers.rsp, 0,
                                             tag, 0, 0);
out_unclaim:
    spinlock_release(&port->lock);
    call_unclaim(caller, word);
out_slow:
    [[clang::musttail]] return message_reply_receive_slow(0, 0, 0, target, tag, 0, 0);
}
