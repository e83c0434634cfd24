// What the fast message paths share (fast.c, fast_loan.c). Arguments and results ride in the
// registers of clang's regcall (entry.S says which is which); `low` and `high` come as 0 and stay
// so.
#pragma once

#include "hal/hal.h"
#include "hart/hart.h"
#include "hart/process.h"
#include "message/handle.h"
#include "message/port.h"

#define REGCALL __attribute__((regcall))
#define LIKELY(condition) __builtin_expect((condition), 1)
#define PARAMETERS                                                                                 \
    uint64_t deadline, uint64_t rip, uint64_t rsp, uint64_t target, uint64_t tag, uint64_t low,    \
        uint64_t high
#define LEAVE_PARAMETERS                                                                           \
    uint64_t rax, uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi, uint64_t low,            \
        uint64_t high

REGCALL void message_call_fast(PARAMETERS);
REGCALL void message_reply_receive_fast(PARAMETERS);
// The same with a parcel lent or given, and a reply that brings a loan home. Without handles: the
// parcel's descriptor rides in `low`.
REGCALL void message_carry_fast(PARAMETERS);
REGCALL void message_return_fast(PARAMETERS);
// Where they end (entry.S). The slow ones find rip, rsp and a deadline in the current thread's
// block.
REGCALL void message_call_slow(LEAVE_PARAMETERS);
REGCALL void message_reply_receive_slow(LEAVE_PARAMETERS);
REGCALL void message_carry_slow(LEAVE_PARAMETERS);
REGCALL void message_leave(LEAVE_PARAMETERS);
REGCALL void message_leave_with(LEAVE_PARAMETERS);
#define TO_SLOW 0, 0, 0, target, tag, low, high

// The entry that a handle's index names; whether it is the handle's is for the caller to check.
static inline const struct handle_entry *fast_entry(const struct thread *thread, uint64_t handle) {
    const struct handle_table *table = thread->handles;
    uint64_t index = handle & __c11_atomic_load(&table->index_mask, __ATOMIC_ACQUIRE);
    return &__c11_atomic_load(&table->entries, __ATOMIC_ACQUIRE)[index];
}

// Whether an entry's value is this handle; read before what the entry holds.
static inline bool fast_fits(const _Atomic handle_t *value, uint64_t handle) {
    bool fits = *(const handle_t *)value == (handle_t)handle;
    __c11_atomic_signal_fence(__ATOMIC_ACQUIRE);
    return fits;
}

// The thread that waits at the port of a call which nothing is special about, with `locked`, the
// port, and the handle's entry; or nullptr. Stores what the slow path looks for.
static inline struct thread *fast_server(struct thread *caller, uint64_t deadline, uint64_t rip,
                                         uint64_t rsp, uint64_t target, struct port **locked,
                                         const struct handle_entry **found)
    NO_THREAD_SAFETY_ANALYSIS {
    caller->registers.rip = rip;
    caller->registers.rsp = rsp;
    caller->call.deadline = deadline;
    const struct handle_entry *entry = *found = fast_entry(caller, target);
    if (!LIKELY(hal_token_spend()) || !LIKELY(fast_fits(&entry->call_handle, target)) ||
        !LIKELY(deadline - 1 >= HART_GET(tick_guard)) ||
        !LIKELY(caller->hand.caller == nullptr)) // else a deadline is inherited
        return nullptr;
    struct port *port = (struct port *)entry->object;
    if (!LIKELY(spinlock_try(&port->lock)))
        return nullptr;
    struct thread *server = port->waiting;
    *locked = port;
    if (LIKELY(server != nullptr) && LIKELY(server->slow_any == 0))
        return server;
    spinlock_release(&port->lock);
    return nullptr;
}

// It takes the call; the port is unlocked.
static inline void fast_take(struct port *port, struct thread *server, struct thread *caller)
    RELEASE(port->lock) NO_THREAD_SAFETY_ANALYSIS {
    port->waiting = server->next;
    caller->call.server = server;
    uint64_t word = caller->call.word + CALL_GENERATION + CALL_TAKEN;
    server->hand.caller = caller;
    server->hand.word = word;
    __c11_atomic_store(&caller->call.word, word, __ATOMIC_RELEASE);
    spinlock_release(&port->lock);
}

// Claims the call in a server's hand, and locks the port at which the server waits next, where
// nothing else is: nullptr if that is not so. `change`: of the call's word; `allowed`: of what may
// be special about its thread.
static inline struct port *fast_claim(struct thread *server, const struct handle_entry *entry,
                                      struct thread *caller, uint64_t target, uint64_t change,
                                      uint32_t allowed)
    NO_THREAD_SAFETY_ANALYSIS {
    if (!LIKELY(hal_token_spend()) || !LIKELY(fast_fits(&entry->receive_handle, target)) ||
        !LIKELY(caller != nullptr) || !LIKELY((caller->slow_any & ~allowed) == 0))
        return nullptr;
    struct port *port = (struct port *)entry->object;
    if (!LIKELY(spinlock_try(&port->lock)))
        return nullptr;
    uint64_t word = server->hand.word;
    if (LIKELY(port->pending == 0) &&
        LIKELY(__c11_atomic_compare_exchange_strong(&caller->call.word, &word, word + change,
                                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        return port;
    spinlock_release(&port->lock);
    return nullptr;
}

// The server waits; the port is unlocked.
static inline void fast_wait(struct port *port, struct thread *server)
    RELEASE(port->lock) NO_THREAD_SAFETY_ANALYSIS {
    server->port = port;
    __c11_atomic_signal_fence(__ATOMIC_RELEASE); // wait_end looks at the hand first
    server->hand.caller = nullptr;
    server->next = port->waiting;
    port->waiting = server;
    spinlock_release(&port->lock);
}

// Makes `next` the current thread. It has nothing special, and neither has the one that is left.
static inline void fast_switch(struct thread *next) {
    struct space *space = next->space;
    HART_SET(current, next);
    // Loading the root, which serialises, makes this visible before any translation is cached.
    __c11_atomic_store(&HART_FIELD(space), space, __ATOMIC_RELAXED);
    hal_space_switch(space->root);
}
