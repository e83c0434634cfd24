// The end of a process: its threads stop, each on its own hart; then a kernel task takes apart what
// it had, and tells who watches.
#include "debug/log.h"
#include "hart/module.h"
#include "hart/process.h"
#include "hart/schedule.h"

LOG_MODULE(LOG_PROCESS);

// True if nothing is in hand any more, lent on.
static bool hands_fail(struct process *process) {
    bool empty = true;
    for (struct thread *t = process->threads; t != nullptr; t = t->sibling) {
        hand_fail(process, &t->hand, ERR_PEER_DIED);
        empty &= t->hand.caller == nullptr;
    }
    return empty;
}

static bool space_in_use(const struct space *space) {
    for (unsigned i = 0; i < hart_count; i++)
        if (__c11_atomic_load(&harts[i]->space, __ATOMIC_SEQ_CST) == space)
            return true;
    return false;
}

static void threads_release(struct process *process) {
    struct thread *thread = process->threads;
    process->threads = nullptr;
    while (thread != nullptr) {
        struct thread *next = thread->sibling;
        object_release(&thread->object);
        thread = next;
    }
}

static void process_ended(struct process *process) {
    process_limit_return(process);
    log_debug("%s (%u) ended, status %u", process->name, process->number, process->status);
    watches_tell(process);
    process_release(process);
}

static bool loans_awaited(struct process *process) {
    spinlock_acquire(&process->lock);
    process->awaits_loans = __c11_atomic_load(&process->loans, __ATOMIC_ACQUIRE) != 0;
    bool awaited = process->awaits_loans;
    spinlock_release(&process->lock);
    return awaited;
}

// What is left when no thread runs any more, a bounded piece at a time: answer the requests in
// hand, close the handles, wait for loans, free the memory, tell who watches.
static bool process_clean_up(struct task *task) {
    static constexpr unsigned HANDLES_AT_ONCE = 64;
    struct process *process = CONTAINER_OF(task, struct process, task);
    bool empty = hands_fail(process);
    if (!handles_close_some(process, &process->closing, HANDLES_AT_ONCE))
        return false;
    watches_withdraw(process);
    empty &= process->handles.used == 0;
    if (!empty) // a kept request whose loan is lent on
        process->closing = 0;
    if (loans_awaited(process))
        return true; // the last loan that comes home brings this task back
    if (!empty)
        return false;
    struct hart *hart = hart_self();
    if (hart->current == nullptr)
        space_leave(hart);
    if (space_in_use(&process->space) || !space_destroy(&process->space))
        return false;
    handles_destroy(process);
    threads_release(process);
    process_ended(process);
    return true;
}

static void clean_up_begin(struct quiet *quiet) {
    struct process *process = CONTAINER_OF(quiet, struct process, quiet);
    process->task.run = process_clean_up;
    task_add(&process->task);
}

// Not before every hart has left the system calls that found the process alive.
static void clean_up_start(struct process *process) {
    if (process->module != nullptr)
        module_program_ended(process);
    object_reference(&process->object);
    quiet_defer(&process->quiet, clean_up_begin);
}

void process_thread_gone(struct process *process) {
    spinlock_acquire(&process->lock);
    bool last = --process->live == 0;
    __c11_atomic_fetch_sub(&process->space.runners, 1, __ATOMIC_RELEASE);
    if (last && process->state < PROCESS_ENDING) {
        process->state = PROCESS_ENDING;
        process->cause = END_EXITED;
    }
    spinlock_release(&process->lock);
    if (last)
        clean_up_start(process);
}

void process_loan_home(struct process *process) {
    __c11_atomic_fetch_sub(&process->loans, 1, __ATOMIC_SEQ_CST);
    process_loans_look(process);
}

void process_loans_look(struct process *process) {
    spinlock_acquire(&process->lock);
    bool resume =
        process->awaits_loans && __c11_atomic_load(&process->loans, __ATOMIC_ACQUIRE) == 0;
    if (resume)
        process->awaits_loans = false;
    struct thread *waiters = process->lent_waiters;
    process->lent_waiters = nullptr;
    spinlock_release(&process->lock);
    if (resume)
        task_add(&process->task);
    threads_ready(waiters);
}

// Does it have a thread other than this hart's current one?
static bool others_live(const struct process *process) {
    const struct thread *current = hart_self()->current;
    uint32_t here = current != nullptr && current->process == process;
    return *(const volatile uint32_t *)&process->live > here;
}

// Ends what waits; what runs ends when its hart comes by. All harts are asked to, since one may be
// entering a thread on the fast path, which does not look at the process's state.
static void threads_stop(struct process *process) {
    // No thread joins any more; those that have ended stay in the list until the clean-up.
    for (struct thread *t = process->threads; t != nullptr; t = t->sibling)
        if (t != hart_self()->current)
            thread_stop(t);
    process_loans_look(process);
    if (others_live(process))
        quiet_hurry(UINT64_MAX);
}

// A thread that was just about to wait, or that was entered on the fast path since, has been
// missed: looks again when every hart has come by, until there is none.
static void stop_again(struct quiet *quiet) {
    struct process *process = CONTAINER_OF(quiet, struct process, stopping);
    if (*(const volatile uint32_t *)&process->live == 0) {
        process_release(process);
        return;
    }
    threads_stop(process);
    quiet_defer(quiet, stop_again);
}

void process_end(struct process *process, enum end_cause cause, uint32_t status, uint8_t exception,
                 uint64_t address) {
    spinlock_acquire(&process->lock);
    bool first = process->state < PROCESS_ENDING;
    bool started = process->state != PROCESS_NEW;
    if (first) {
        process->state = PROCESS_ENDING;
        process->cause = cause;
        process->status = status;
        process->exception = exception;
        process->end_address = address;
    }
    spinlock_release(&process->lock);
    if (!first)
        return;
    if (!started) {
        clean_up_start(process);
        return;
    }
    threads_stop(process);
    if (others_live(process)) {
        object_reference(&process->object);
        quiet_defer(&process->stopping, stop_again);
    }
}
