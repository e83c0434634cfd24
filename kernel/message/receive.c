#include "message/receive.h"

#include "debug/trace.h"
#include "hart/process.h"
#include "message/begin.h"
#include "message/touch.h"

void thread_result(struct thread *thread, uint64_t rax) {
    struct registers *r = &thread->registers;
    *r = (struct registers){.rax = rax, .rip = r->rip, .rsp = r->rsp};
    thread->full = 0;
}

static uint64_t result_kind(enum message_kind kind, uint64_t charge) {
    return (uint64_t)kind << RESULT_KIND_SHIFT | charge << RESULT_CHARGE_SHIFT;
}

void event_receive(struct event *event, struct thread *receiver) {
    if (event->kind == KIND_COMPLETION)
        return begun_deliver(event, receiver);
    thread_result(receiver, result_kind((enum message_kind)event->kind, 0));
    struct registers *r = &receiver->registers;
    r->rdi = event->badge;
    r->rbx = event->word[0];
    r->r12 = event->word[1];
    r->r13 = event->word[2];
    r->r14 = event->word[3];
    trace(TRACE_EVENT, receiver, 0, event->kind, event->badge, event->word[0]);
    if (event->kind == KIND_NOTIFICATION)
        event->word[0] = 0;
    else
        watch_free((struct watch *)event);
}

static bool receive_event_locked(struct port *port, struct thread *receiver) REQUIRES(port->lock) {
    struct event_list *list =
        port->notifications.first != nullptr ? &port->notifications : &port->events;
    struct event *event = list->first;
    if (event == nullptr)
        return false;
    list->first = event->next;
    port->pending--;
    event->queued = false;
    event_receive(event, receiver);
    return true;
}

// Checks handles and makes room for them, as far as that can be done before the parcel moves.
static status_t handles_prepare(const struct thread *caller, const struct thread *receiver,
                                const struct object *port, const struct handle_batch *batch) {
    unsigned count;
    status_t status = handles_check(caller->process, batch, port, &count);
    if (status == OK && count > receiver->acceptance.handles)
        status = ERR_NO_SLOT;
    if (status == OK)
        status = handles_room(receiver->process, count);
    return status;
}

status_t message_pass(struct thread *from, struct thread *to, const struct object *port,
                      bool marked, struct passed *passed) {
    const struct registers *r = &from->registers;
    *passed = (struct passed){.batch = {r->rsi, r->r8, r->r9}};
    status_t status = OK;
    if (handles_present(&passed->batch))
        status = handles_prepare(from, to, port, &passed->batch);
    if (status == OK && r->rdx != 0)
        status = parcel_pass(&from->process->space, r->rdx, marked, &to->process->space,
                             &to->acceptance, &passed->landed, &passed->charge);
    if (status != OK || !handles_present(&passed->batch))
        return status;
    // Only another thread of one of the two can have spoilt it in between: then none arrive.
    if (handles_pass(from->process, to->process, port, &passed->batch) != OK)
        passed->batch = (struct handle_batch){.tag = r->rsi & 0xffffffff};
    return OK;
}

void message_fill(struct thread *to, const struct registers *words, const struct passed *passed,
                  enum message_kind kind, uint64_t badge, uint64_t number) {
    struct registers *r = &to->registers;
    *r = (struct registers){
        .rax = result_kind(kind, passed->charge),
        .rdi = badge,
        .rsi = passed->batch.tag,
        .rdx = passed->landed,
        .r8 = passed->batch.low,
        .r9 = passed->batch.high,
        .r10 = number,
        .rbx = words->rbx,
        .r12 = words->r12,
        .r13 = words->r13,
        .r14 = words->r14,
        .r15 = words->r15,
        .rip = r->rip,
        .rsp = r->rsp,
    };
    to->full = 0;
}

status_t receive_request_locked(struct port *port, struct thread *caller,
                                struct thread *receiver) {
    struct passed passed;
    uint64_t word = caller->call.word;
    bool marked = (word & CALL_STATE_MASK) == CALL_QUEUED;
    status_t status = message_pass(caller, receiver, &port->object, marked, &passed);
    if (status != OK)
        return status;
    struct hand *hand = &receiver->hand;
    hand->caller = caller;
    hand->word = (word & ~CALL_STATE_MASK) | CALL_TAKEN;
    hand->lender = nullptr;
    hand->page.cell = nullptr;
    parcel_t parcel = caller->registers.rdx;
    if (parcel != 0 && parcel_mode(parcel) == PARCEL_LEND) {
        hand->lender = caller->process;
        hand->home = parcel;
        hand->landed = passed.landed;
        __c11_atomic_fetch_add(&caller->process->loans, 1, __ATOMIC_RELAXED);
    }
    message_fill(receiver, &caller->registers, &passed, KIND_REQUEST, caller->call.badge,
                 caller->call.number);
    trace_message(TRACE_TAKE, receiver, caller, caller->call.number, &receiver->registers);
    return OK;
}

// A process has one place in the queue, that of its first caller, behind which its others stand.
static struct thread_list *queue_of(struct port *port, const struct thread *caller)
    REQUIRES(port->lock) {
    struct thread *first = port->queue.first;
    while (first != nullptr && first->process != caller->process)
        first = first->next;
    return first == nullptr || first == caller ? &port->queue : &first->call.behind;
}

void queue_append_locked(struct port *port, struct thread *caller) {
    caller->call.behind = (struct thread_list){};
    thread_append(queue_of(port, caller), caller);
    port->pending++;
    caller->port = port;
    caller->call.word = (caller->call.word & ~CALL_STATE_MASK) | CALL_QUEUED;
}

// The next of its process goes to the end: nobody waits for another's backlog.
static void queue_take_locked(struct port *port, struct thread *caller) REQUIRES(port->lock) {
    struct thread_list *queue = queue_of(port, caller), *behind = &caller->call.behind;
    struct thread **link = &queue->first, *previous = nullptr, *next = behind->first;
    for (; *link != caller; link = &previous->next)
        previous = *link;
    *link = caller->next;
    if (queue->last == caller)
        queue->last = previous;
    if (next != nullptr) {
        behind->first = next->next;
        next->call.behind = *behind;
        thread_append(&port->queue, next);
    }
    port->pending--;
    caller->port = nullptr;
}

static void queued_call_end(struct thread *caller) {
    uint64_t word = caller->call.word;
    if (caller->registers.rdx != 0 && !caller->slow.touches)
        parcel_unmark(&caller->process->space, caller->registers.rdx);
    __c11_atomic_store(&caller->call.word, word & ~CALL_STATE_MASK, __ATOMIC_RELEASE);
}

void queue_leave_locked(struct port *port, struct thread *caller) {
    queue_take_locked(port, caller);
    queued_call_end(caller);
}

bool receive_next_locked(struct port *port, struct thread *receiver, struct thread **refused) {
    if (receive_event_locked(port, receiver))
        return true;
    struct thread *caller;
    while ((caller = port->queue.first) != nullptr) {
        queue_take_locked(port, caller);
        status_t status = caller->slow.touches ? touch_take(caller, receiver)
                                               : receive_request_locked(port, caller, receiver);
        if (status == OK) {
            receive_publish(receiver);
            return true;
        }
        timer_cancel(&caller->timer);
        queued_call_end(caller);
        thread_result(caller, (uint16_t)status);
        caller->next = *refused;
        *refused = caller;
    }
    return false;
}
