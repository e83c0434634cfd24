#include "hart/thread.h"

#include <abi/layout.h>

#include "debug/trace.h"
#include "hal/vector.h"
#include "hart/process.h"
#include "memory/tlb.h"

static constexpr uint64_t USER_FLAGS = 0x202; // interrupts on

// A deadline has passed. Another hart may have ended the wait meanwhile, and the thread may wait
// anew: wait_end looks at the present wait's deadline.
static void wait_expired(struct timer *timer) {
    struct thread *thread = CONTAINER_OF(timer, struct thread, timer);
    if (wait_end(thread, ERR_TIMED_OUT))
        thread_ready(thread);
}

static bool entry_valid(uaddr_t entry, uaddr_t stack) {
    return entry >= LAYOUT_LOWEST && entry < LAYOUT_LIMIT && stack >= LAYOUT_LOWEST &&
           stack <= LAYOUT_LIMIT;
}

static status_t thread_join(struct process *process, struct thread *thread) {
    spinlock_acquire(&process->lock);
    bool ended = process->state >= PROCESS_ENDING;
    if (!ended) {
        process->state = PROCESS_LIVE;
        process->live++;
        if (__c11_atomic_fetch_add(&process->space.runners, 1, __ATOMIC_SEQ_CST) != 0)
            tlb_lender_stale(&process->space);
        thread->sibling = process->threads;
        process->threads = thread;
        object_reference(&thread->object); // by the process, until it has ended
    }
    spinlock_release(&process->lock);
    return ended ? ERR_ENDED : OK;
}

void thread_prepare(struct thread *thread, struct process *process) {
    thread->process = process;
    thread->space = &process->space;
    thread->handles = &process->handles;
    thread->timer.mark = &thread->slow.timed;
    thread->timer.expired = wait_expired;
}

status_t thread_create(struct process *process, uaddr_t entry, uaddr_t stack, uint64_t argument,
                       struct thread **thread) {
    if (!entry_valid(entry, stack))
        return ERR_BAD_ARGUMENT;
    status_t status = object_create(process, OBJECT_THREAD, sizeof(**thread), thread);
    if (status != OK)
        return status;
    struct thread *t = *thread;
    thread_prepare(t, process);
    t->band = BAND_NORMAL;
    t->vector_control = VECTOR_CONTROL_DEFAULT;
    t->registers.rip = entry;
    t->registers.rsp = stack;
    t->registers.rdi = argument;
    t->registers.rflags = USER_FLAGS;
    t->full = 1; // rdi must come in
    return OK;
}

status_t thread_start(struct thread *thread) {
    status_t status = thread_join(thread->process, thread);
    if (status == OK)
        thread_ready(thread);
    return status;
}

void thread_clean(struct thread *thread) {
    if (thread->vectors != nullptr)
        heap_free(thread->vectors);
}

void thread_stop(struct thread *thread) {
    if (wait_end(thread, ERR_ENDED))
        process_thread_gone(thread->process);
    // Else it runs, or will: its hart finds out.
}

void thread_finish(struct thread *thread) {
    struct hart *hart = hart_self();
    thread->port = nullptr;
    hand_fail(thread->process, &thread->hand, ERR_PEER_DIED);
    trace(TRACE_END, thread, 0, 0, 0, 0);
    hart_leave(hart);
    process_thread_gone(thread->process);
}
