#include "message/touch.h"

#include "debug/trace.h"
#include "hal/vector.h"
#include "hart/process.h"
#include "hart/schedule.h"
#include "interrupt/exception.h"
#include "message/receive.h"

static_assert((uint64_t)TOUCH_WRITE == ACCESS_WRITE && (uint64_t)TOUCH_EXECUTE == ACCESS_EXECUTE);

static void touch_direct_locked(struct port *port, struct thread *thread) REQUIRES(port->lock) {
    struct thread *pager = port->waiting;
    port->waiting = pager->next;
    pager->port = nullptr;
    timer_cancel(&pager->timer);
    (void)!touch_take(thread, pager);
    receive_publish(pager);
    hart_enter(hart_self(), pager);
}

bool touch_send(struct thread *thread) {
    struct process *process = thread->process;
    struct port *port = process->pager;
    if (port == nullptr)
        return false;
    spinlock_acquire(&port->lock);
    bool open = !port->closed;
    if (open) {
        thread->slow.touches = true;
        thread->call.badge = process->pager_badge;
        thread->call.deadline = 0;
        thread->call.number = trace_number();
        thread->call.word += CALL_GENERATION;
        hart_leave_involuntarily(hart_self());
        if (port->waiting != nullptr)
            touch_direct_locked(port, thread);
        else
            queue_append_locked(port, thread);
    }
    spinlock_release(&port->lock);
    return open;
}

status_t touch_take(const struct thread *thread, struct thread *receiver) {
    const struct touch *touch = &thread->touch;
    struct registers *r = &receiver->registers;
    thread_result(receiver, (uint64_t)KIND_FAULT << RESULT_KIND_SHIFT);
    r->rdi = thread->call.badge;
    r->r10 = thread->call.number;
    r->rbx = touch->address;
    r->r12 = touch->what;
    r->r13 = touch->cookie;
    receiver->hand = (struct hand){
        .caller = (struct thread *)(uintptr_t)thread,
        .word = (thread->call.word & ~CALL_STATE_MASK) | CALL_TAKEN};
    trace_message(TRACE_TAKE, receiver, thread, thread->call.number, r);
    return OK;
}

status_t touch_answer(struct thread *pager, struct thread *thread) {
    const struct registers *r = &pager->registers;
    const struct touch *touch = &thread->touch;
    bool one_page = parcel_level(r->rdx) == 1 && parcel_count(r->rdx) == 1;
    if ((r->r8 | r->r9) != 0 ||
        (r->rdx != 0 && (!one_page || (status_t)(int16_t)r->rsi != OK)))
        return ERR_BAD_ARGUMENT;
    if (r->rdx == 0)
        return OK;
    return parcel_move_for(pager->space, r->rdx, thread->space, touch->address & ~(PAGE_SIZE - 1),
                           touch->what & TOUCH_PAGER ? &touch->cookie : nullptr);
}

void touch_end(struct thread *thread, status_t status) {
    thread->slow.touches = false;
    if (status != OK && thread->process->state < PROCESS_ENDING)
        exception_end(thread, VECTOR_PAGE_FAULT, thread->touch.error, thread->touch.address);
}
