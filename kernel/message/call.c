#include "message/call.h"

#include "debug/trace.h"
#include "hart/process.h"
#include "hart/schedule.h"
#include "memory/tlb.h"
#include "message/receive.h"
#include "message/system_call.h"
#include "message/touch.h"

// --- call ----------------------------------------------------------------------------------------

static ticks_t earlier(ticks_t a, ticks_t b) {
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

// The deadline of a call: the thread's own, or that of the request which it serves.
static ticks_t deadline_of(const struct thread *thread) {
    const struct thread *caller = thread->hand.caller;
    bool serves = caller != nullptr && caller->call.word == thread->hand.word;
    return earlier(thread->registers.r10, serves ? caller->call.deadline : 0);
}

// A server waits: it takes the request and runs now, on this hart, on the caller's tokens; after a
// begin, in its turn. Until it has accepted it stays on the port: who would end its wait meanwhile
// comes here for the lock.
[[gnu::always_inline]] static inline status_t
call_direct_locked(struct port *port, struct thread *caller, bool begun) REQUIRES(port->lock) {
    struct thread *server = port->waiting;
    status_t status = receive_request_locked(port, caller, server);
    if (status != OK)
        return status;
    port->waiting = server->next;
    if (server->slow.timed)
        timer_cancel(&server->timer);
    struct hart *hart = hart_self();
    ticks_t deadline = caller->call.deadline;
    if (deadline != 0 && (begun || !deadline_deferred(hart, deadline)))
        timer_arm(&caller->timer, deadline);
    if (!begun)
        hart_leave(hart);
    receive_publish(server);
    if (begun) {
        tlb_wait(); // rarely for long; every spin loop answers
        thread_ready(server);
    } else {
        hart_enter(hart, server);
    }
    return OK;
}

// --- cycles --------------------------------------------------------------------------------------

// The only thread that can end the call in which this one waits, in the given state; nullptr: none
// is the only one, or its process has had others. What is looked at here goes only after a quiet
// point.
static const struct thread *awaited_by(const struct thread *thread, uint64_t state) {
    const struct port *port = *(struct port *const volatile *)&thread->port;
    const struct process *process = nullptr;
    if (state == CALL_QUEUED && port != nullptr)
        process = port->receiver;
    else if (state != CALL_IDLE && state != CALL_QUEUED) // REPLYING: it may only be held
        process = thread->call.server->process;
    thread = process != nullptr ? process->threads : nullptr;
    return thread != nullptr && thread->sibling == nullptr ? thread : nullptr;
}

// The sum of the generations of the calls that this one waits for, if it is among them; else 0. A
// cycle of others may be met, which was none when the last of them queued (a port has gone to
// another receiver since): a thread seen before is met again, since that moves on at each power of
// two.
static uint64_t cycle_of(const struct thread *caller) {
    uint64_t sum = 0;
    const struct thread *thread = caller, *seen = nullptr;
    for (unsigned steps = 1; thread != nullptr && thread != seen; steps++) {
        if ((steps & (steps - 1)) == 0)
            seen = thread;
        uint64_t word = __c11_atomic_load(&thread->call.word, __ATOMIC_SEQ_CST);
        sum += word & ~CALL_STATE_MASK;
        thread = awaited_by(thread, word & CALL_STATE_MASK);
        if (thread == caller)
            return sum;
    }
    return 0;
}

static status_t call_queue_locked(struct port *port, struct thread *caller) REQUIRES(port->lock) {
    const struct registers *r = &caller->registers;
    const struct handle_batch batch = {r->rsi, r->r8, r->r9};
    unsigned count;
    status_t status = OK;
    if (handles_present(&batch))
        status = handles_check(caller->process, &batch, &port->object, &count);
    if (status == OK && r->rdx != 0)
        status = parcel_mark(&caller->process->space, r->rdx);
    if (status != OK)
        return status;
    queue_append_locked(port, caller);
    // Generations only grow, so calls whose sum stays have all waited at one time. This one is
    // QUEUED: of two that close a cycle at once, one finds it.
    uint64_t sum = caller->slow.begun ? 0 : cycle_of(caller);
    if (sum != 0 && cycle_of(caller) == sum) {
        queue_leave_locked(port, caller);
        return ERR_DEADLOCK;
    }
    if (caller->call.deadline != 0)
        timer_arm(&caller->timer, caller->call.deadline);
    if (caller->slow.begun)
        return OK;
    deadlines_enter(caller);
    hart_leave(hart_self());
    return OK;
}

// Sends the request in the caller's registers, which is the sender or a begun call of its. An
// error: it was not sent.
[[gnu::always_inline]] static inline status_t call_send(struct thread *caller,
                                                        const struct thread *sender) {
    bool begun = caller != sender;
    struct registers *r = &caller->registers;
    status_t status, found;
    struct handle_entry *entry =
        handle_look_up(caller->process, (handle_t)r->rdi, OBJECT_PORT, RIGHT_CALL, &found);
    if (entry == nullptr || !parcel_sendable(r->rdx))
        return entry == nullptr ? found : ERR_BAD_ARGUMENT;
    struct port *port = (struct port *)entry->object;
    struct call *call = &caller->call;
    call->badge = entry->badge;
    call->deadline = deadline_of(sender);
    call->number = trace_number();
    caller->calls++;
    trace_message(TRACE_CALL, caller, nullptr, call->number, r);
    spinlock_acquire(&port->lock);
    call->word += CALL_GENERATION;
    if (port->closed)
        status = ERR_PORT_CLOSED;
    else if (call->deadline != 0 && hal_ticks() >= call->deadline)
        status = ERR_TIMED_OUT;
    else if (port->waiting != nullptr)
        status = call_direct_locked(port, caller, begun);
    else
        status = call_queue_locked(port, caller);
    spinlock_release(&port->lock);
    tlb_wait();
    return status;
}

status_t call_begin(struct thread *caller, const struct thread *sender) {
    return call_send(caller, sender);
}

void message_call(struct thread *caller) {
    status_t status = call_send(caller, caller);
    if (status != OK)
        thread_result(caller, (uint16_t)status);
}

// --- receive -------------------------------------------------------------------------------------

// Takes the next message, or waits for it. `next`: a thread that may run instead, or nullptr.
static void receive_or_wait(struct port *port, struct thread *thread, struct thread *next) {
    ticks_t deadline = thread->registers.r10;
    struct hart *hart = hart_self();
    struct thread *refused = nullptr;
    spinlock_acquire(&port->lock);
    bool received = port->pending != 0 && receive_next_locked(port, thread, &refused);
    bool late = deadline != 0 && hal_ticks() >= deadline;
    if (!received && (port->closed || late)) { // closed by another thread meanwhile
        thread_result(thread, (uint16_t)(port->closed ? ERR_PORT_CLOSED : ERR_TIMED_OUT));
        received = true;
    }
    if (!received) {
        thread->port = port;
        thread->next = port->waiting;
        port->waiting = thread;
        if (deadline != 0)
            timer_arm(&thread->timer, deadline);
        hart_leave(hart);
    }
    spinlock_release(&port->lock);
    tlb_wait();
    threads_ready(refused);
    if (next == nullptr)
        return;
    if (received || next->slow.begun)
        thread_ready(next);
    else
        hart_enter(hart, next);
}

void message_receive(struct thread *thread) {
    status_t status;
    struct port *port = object_look_up(thread, (handle_t)thread->registers.rdi, OBJECT_PORT,
                                       RIGHT_RECEIVE, &status);
    if (port != nullptr && thread->hand.caller != nullptr) {
        thread->port = nullptr;
        if (!hand_lent_on(thread->process, &thread->hand))
            hand_fail(thread->process, &thread->hand, ERR_NO_REPLY);
        if (thread->hand.caller != nullptr)
            status = ERR_BUSY;
    }
    if (status != OK)
        thread_result(thread, (uint16_t)status);
    else
        receive_or_wait(port, thread, nullptr);
}

void message_reply_receive(struct thread *thread) {
    status_t status;
    if (thread->hand.caller != nullptr && thread->hand.caller->slow.touches)
        touch_return(thread);
    struct thread *caller = nullptr;
    struct port *port = object_look_up(thread, (handle_t)thread->registers.rdi, OBJECT_PORT,
                                       RIGHT_RECEIVE, &status);
    if (port != nullptr)
        status = reply_pass(thread, &thread->hand, &caller);
    if (status != OK)
        thread_result(thread, (uint16_t)status);
    else
        receive_or_wait(port, thread, caller);
}

// --- waits that end otherwise --------------------------------------------------------------------

// Whether a wait that is to end with this status may do so: a call's deadline was read after its
// word, a receiver's stands still under the port's lock.
static bool wait_may_end(const struct thread *thread, uint64_t word, status_t status) {
    bool calls = (word & CALL_STATE_MASK) != CALL_IDLE;
    ticks_t deadline = calls ? thread->call.deadline : thread->timer.deadline;
    return status != ERR_TIMED_OUT || (deadline != 0 && hal_ticks() >= deadline);
}

// Takes the thread off the port that it stands at.
static bool port_leave(struct port *port, struct thread *thread, status_t status) {
    spinlock_acquire(&port->lock);
    bool here = thread->port == port && wait_may_end(thread, thread->call.word, status);
    if (here && (thread->call.word & CALL_STATE_MASK) == CALL_QUEUED) {
        queue_leave_locked(port, thread);
    } else if (here) {
        struct thread **link = &port->waiting;
        while (*link != nullptr && *link != thread)
            link = &(*link)->next;
        here = *link != nullptr;
        if (here) {
            *link = thread->next;
            thread->port = nullptr;
        }
    }
    spinlock_release(&port->lock);
    return here;
}

// The same where a server holds its call, and keeps its loan for now.
static bool call_leave(struct thread *thread, uint64_t word) {
    if (!object_try_reference(&thread->object)) // the server's hand still names it
        return false;
    bool left = call_claim(thread, word, CALL_IDLE);
    if (left)
        tlb_lender_stale(thread->space);
    else
        object_release(&thread->object);
    return left;
}

// The hand is looked at first: the port that is found later has not gone before.
static struct port *port_waited_at(const struct thread *thread, uint64_t state) {
    struct thread *in_hand = *(struct thread *const volatile *)&thread->hand.caller;
    bool waits = state == CALL_QUEUED || (state == CALL_IDLE && in_hand == nullptr);
    return waits ? *(struct port *const volatile *)&thread->port : nullptr;
}

bool wait_end(struct thread *thread, status_t status) {
    bool left = false;
    uint64_t state = CALL_IDLE;
    while (!left) {
        uint64_t word = __c11_atomic_load(&thread->call.word, __ATOMIC_ACQUIRE);
        state = word & CALL_STATE_MASK;
        struct port *port = port_waited_at(thread, state);
        if (!wait_may_end(thread, word, status))
            return false;
        if (port != nullptr)
            left = port_leave(port, thread, status);
        else if (state == CALL_TAKEN)
            left = call_leave(thread, word);
        else if (state == CALL_IDLE)
            return false; // else it is being taken or answered at this moment
        hart_poll();
    }
    timer_cancel(&thread->timer);
    thread_result(thread, (uint16_t)status | (state == CALL_TAKEN ? RESULT_TAKEN : 0));
    return true;
}
