#include "message/touch.h"

#include "debug/trace.h"
#include "hal/vector.h"
#include "hart/process.h"
#include "hart/schedule.h"
#include "interrupt/exception.h"
#include "memory/straight_pass.h"
#include "message/fast.h"
#include "message/receive.h"

static_assert((uint64_t)TOUCH_WRITE == ACCESS_WRITE && (uint64_t)TOUCH_EXECUTE == ACCESS_EXECUTE);

bool touch_send(struct thread *thread) {
    struct process *process = thread->process;
    struct port *port = process->pager;
    if (port == nullptr)
        return false;
    spinlock_acquire(&port->lock);
    bool open = !port->closed;
    struct thread *pager = open ? port->waiting : nullptr;
    // Between threads with nothing special, on a hart with nothing to do, the fast path's switch.
    bool plain = pager != nullptr && pager->slow_any == 0 && thread->hand.caller == nullptr &&
                 HART_GET(tokens) >= 0 && (HART_GET(special) | HART_GET(trace)) == 0;
    thread->slow.touches = open;
    thread->call.badge = process->pager_badge;
    thread->call.deadline = 0;
    thread->call.number = trace_number();
    if (open && !plain)
        hart_leave_involuntarily(hart_self());
    if (pager == nullptr) {
        thread->call.word += CALL_GENERATION;
        if (open)
            queue_append_locked(port, thread);
        spinlock_release(&port->lock);
        return open;
    }
    (void)!touch_take(thread, pager);
    fast_take(port, pager, thread);
    if (plain) {
        fast_switch(pager);
        thread_resume();
    }
    timer_cancel(&pager->timer);
    hart_enter(hart_self(), pager);
    return true;
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
    receiver->hand.caller = (struct thread *)(uintptr_t)thread;
    receiver->hand.word = (thread->call.word & ~CALL_STATE_MASK) | CALL_TAKEN;
    receiver->hand.lender = nullptr;
    trace_message(TRACE_TAKE, receiver, thread, thread->call.number, r);
    return OK;
}

status_t touch_answer(struct thread *pager, struct thread *thread) {
    static constexpr parcel_t give = (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT;
    const struct registers *r = &pager->registers;
    const struct touch *touch = &thread->touch;
    bool one_page = parcel_level(r->rdx) == 1 && parcel_count(r->rdx) == 1;
    if ((r->r8 | r->r9) != 0 ||
        (r->rdx != 0 && (!one_page || (status_t)(int16_t)r->rsi != OK)))
        return ERR_BAD_ARGUMENT;
    if (r->rdx == 0)
        return OK;
    struct place place = {touch->address & ~(PAGE_SIZE - 1), ENTRY_EMPTY};
    parcel_t landed;
    uint64_t charge;
    if (touch->what & TOUCH_PAGER)
        place.entry = entry_absent_make(ABSENT_PAGER, touch->cookie, 0) |
                      (r->rdx & PARCEL_WRITABLE ? ENTRY_WRITABLE : 0);
    if ((r->rdx & ~(PARCEL_ADDRESS_MASK | PARCEL_WRITABLE)) == give &&
        straight_pass(pager->space, r->rdx, thread->space, 1, 1, nullptr, &place, &landed, &charge))
        return OK;
    return parcel_move_for(pager->space, r->rdx, thread->space, place.address,
                           touch->what & TOUCH_PAGER ? &touch->cookie : nullptr);
}

void touch_return(struct thread *pager) NO_THREAD_SAFETY_ANALYSIS {
    const struct registers *r = &pager->registers;
    struct thread *thread = pager->hand.caller;
    uint64_t word = pager->hand.word;
    if ((HART_GET(special) | HART_GET(trace) | thread->vectors_saved) != 0 ||
        thread->slow.has_fs || r->r10 != 0 || (status_t)(int16_t)r->rsi != OK)
        return;
    struct port *port = fast_claim(pager, fast_entry(pager, r->rdi), thread, r->rdi,
                                   CALL_REPLYING - CALL_TAKEN, ~0u);
    if (port == nullptr)
        return;
    if (touch_answer(pager, thread) != OK) {
        spinlock_release(&port->lock);
        return call_unclaim(thread, word);
    }
    thread->slow.touches = false;
    fast_wait(port, pager);
    tlb_wait();
    __c11_atomic_store(&thread->call.word, word - CALL_TAKEN, __ATOMIC_RELEASE);
    fast_switch(thread);
    thread_resume();
}

void touch_end(struct thread *thread, status_t status) {
    thread->slow.touches = false;
    if (status != OK && thread->process->state < PROCESS_ENDING)
        exception_end(thread, VECTOR_PAGE_FAULT, thread->touch.error, thread->touch.address);
}
