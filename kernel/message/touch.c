#include "message/touch.h"

#include "debug/trace.h"
#include "hal/vector.h"
#include "hart/process.h"
#include "hart/schedule.h"
#include "interrupt/exception.h"
#include "message/receive.h"

static_assert((uint64_t)TOUCH_WRITE == ACCESS_WRITE && (uint64_t)TOUCH_EXECUTE == ACCESS_EXECUTE);

// A receiver that waits finds nothing but this fault at the port.
static void touch_direct_locked(struct port *port) REQUIRES(port->lock) {
    struct thread *pager = port->waiting;
    port->waiting = pager->next;
    pager->port = nullptr;
    timer_cancel(&pager->timer);
    (void)receive_event_locked(port, pager);
    hart_enter(hart_self(), pager);
}

bool touch_send(struct thread *thread, uaddr_t address, uint64_t what, uint64_t cookie,
                uint64_t error) {
    struct process *process = thread->process;
    struct port *port = process->pager;
    if (port == nullptr)
        return false;
    spinlock_acquire(&port->lock);
    bool open = !port->closed;
    if (open) {
        thread->touch = (struct event){.kind = KIND_FAULT,
                                       .badge = process->pager_badge,
                                       .word = {address, what, cookie, error}};
        thread->slow.touches = true;
        thread->call.deadline = 0;
        thread->call.number = trace_number();
        thread->call.word += CALL_GENERATION + CALL_QUEUED;
        thread->port = port;
        event_append_locked(port, &thread->touch);
        hart_leave_involuntarily(hart_self());
        if (port->waiting != nullptr)
            touch_direct_locked(port);
    }
    spinlock_release(&port->lock);
    return open;
}

void touch_take_locked(struct port *port, struct event *event, struct thread *receiver) {
    (void)port;
    struct thread *thread = touch_thread(event);
    thread->port = nullptr;
    receiver->registers.r10 = thread->call.number;
    receiver->registers.r14 = 0; // the processor's error code is the kernel's
    receiver->hand = (struct hand){
        .caller = thread, .word = (thread->call.word & ~CALL_STATE_MASK) | CALL_TAKEN};
    receive_publish(receiver);
}

void touch_unqueue_locked(struct port *port, struct event *event) {
    (void)port;
    struct thread *thread = touch_thread(event);
    thread->port = nullptr;
    __c11_atomic_store(&thread->call.word, thread->call.word & ~CALL_STATE_MASK, __ATOMIC_RELEASE);
}

status_t touch_answer(struct thread *pager, struct thread *thread) {
    const struct registers *r = &pager->registers;
    struct space *from = &pager->process->space, *to = &thread->process->space;
    const uint64_t *word = thread->touch.word;
    uaddr_t page = word[0] & ~(PAGE_SIZE - 1);
    bool one_page = parcel_level(r->rdx) == 1 && parcel_count(r->rdx) == 1;
    status_t status = OK;
    if ((r->r8 | r->r9) != 0 ||
        (r->rdx != 0 && (!one_page || (status_t)(int16_t)r->rsi != OK)))
        return ERR_BAD_ARGUMENT;
    if (r->rdx != 0)
        status = word[1] & TOUCH_PAGER ? parcel_page(from, r->rdx, to, page, word[2])
                                       : parcel_move(from, r->rdx, to, page);
    return status;
}

void touch_answered(struct thread *pager, struct thread *thread, uint64_t word) {
    const struct registers *r = &pager->registers;
    trace_message(TRACE_REPLY, pager, thread, thread->call.number, r);
    thread->slow.touches = false;
    __c11_atomic_store(&thread->call.word, word & ~CALL_STATE_MASK, __ATOMIC_RELEASE);
    if ((status_t)(int16_t)r->rsi != OK)
        touch_fail(thread);
}

void touch_fail(struct thread *thread) {
    thread->slow.touches = false;
    if (thread->process->state < PROCESS_ENDING)
        exception_end(thread, VECTOR_PAGE_FAULT, thread->touch.word[3], thread->touch.word[0]);
}
