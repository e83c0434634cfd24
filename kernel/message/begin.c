#include "message/begin.h"

#include "debug/trace.h"
#include "message/receive.h"
#include "message/system_call.h"

void begun_initialize(struct begun *begun, struct port *port, uint64_t badge) {
    thread_prepare(&begun->caller, begun->caller.object.owner);
    begun->caller.slow.begun = true;
    begun->event = (struct event){.port = port, .kind = KIND_COMPLETION, .badge = badge};
}

static void begun_idle(struct begun *begun) {
    __c11_atomic_fetch_sub(&begun->caller.space->runners, 1, __ATOMIC_RELEASE);
    __c11_atomic_store(&begun->busy, false, __ATOMIC_RELEASE);
    object_release(&begun->caller.object);
}

void begun_complete(struct thread *caller) {
    struct begun *begun = (struct begun *)caller;
    port_post(begun->event.port, &begun->event);
}

// The error of a call that failed goes where a reply has its status: the receive went well.
void begun_deliver(struct event *event, struct thread *receiver) {
    struct begun *begun = CONTAINER_OF(event, struct begun, event);
    const struct registers *r = &begun->caller.registers;
    uint64_t error = (uint16_t)r->rax;
    struct passed passed = {{r->rsi | error, r->r8, r->r9}, r->rdx, r->rax >> RESULT_CHARGE_SHIFT};
    if (receiver->process != begun->caller.process) // where such names mean other things
        passed = (struct passed){.batch.tag = r->rsi | error};
    trace(TRACE_EVENT, receiver, 0, KIND_COMPLETION, event->badge, r->r10);
    message_fill(receiver, r, &passed, KIND_COMPLETION, event->badge, r->r10);
    receiver->registers.rax |= (r->rax & RESULT_TAKEN) | (error != OK ? RESULT_FAILED : 0);
    begun_idle(begun);
}

void begun_drop(struct event *event) { begun_idle(CONTAINER_OF(event, struct begun, event)); }

bool begun_cancel(struct begun *begun) {
    bool ended = wait_end(&begun->caller, ERR_CANCELLED);
    if (ended)
        begun_complete(&begun->caller);
    return ended;
}

// What it lends it lends while its process runs, so the call counts as one more that does.
void message_begin(struct thread *thread) {
    handle_t call = (handle_t)(thread->registers.rax >> 32);
    status_t status;
    spinlock_acquire(&thread->handles->lock); // it is not closed meanwhile
    struct begun *begun = object_look_up(thread, call, OBJECT_CALL, RIGHT_BEGIN, &status);
    if (begun != nullptr && begun->busy)
        status = ERR_BUSY;
    if (status == OK) {
        begun->busy = true;
        object_reference(&begun->caller.object);
    }
    spinlock_release(&thread->handles->lock);
    if (status == OK) {
        __c11_atomic_fetch_add(&thread->space->runners, 1, __ATOMIC_SEQ_CST);
        begun->caller.registers = thread->registers;
        begun->caller.acceptance = thread->acceptance;
        status = call_begin(&begun->caller, thread);
        if (status != OK)
            begun_idle(begun);
    }
    thread_result(thread, (uint16_t)status);
}

status_t system_cancel(struct thread *, struct begun *begun) {
    return begun_cancel(begun) ? OK : ERR_NOT_CALLED;
}
