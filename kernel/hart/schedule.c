#include "hart/schedule.h"

#include "hal/paging.h"
#include "hal/vector.h"
#include "hart/process.h"
#include "memory/tlb.h"
#include "message/begin.h"

struct hart *harts[HART_LIMIT];
unsigned hart_count;

// --- queues --------------------------------------------------------------------------------------

static void queue_append(struct hart *hart, struct thread *thread) {
    thread_append(&hart->queue[thread->band], thread);
    hart->queued++;
}

static struct thread *queue_take(struct hart *hart) {
    for (unsigned band = 0; band < BANDS; band++) {
        struct thread_list *queue = &hart->queue[band];
        struct thread *thread = queue->first;
        if (thread == nullptr)
            continue;
        queue->first = thread->next;
        hart->queued--;
        return thread;
    }
    return nullptr;
}

// Takes what others posted, in the order in which they came.
static void inbox_empty(struct hart *hart) {
    if (__c11_atomic_load(&hart->inbox, __ATOMIC_RELAXED) == nullptr)
        return;
    struct thread *posted = __c11_atomic_exchange(&hart->inbox, nullptr, __ATOMIC_ACQUIRE);
    struct thread *ordered = nullptr;
    while (posted != nullptr) {
        struct thread *next = posted->next;
        posted->next = ordered;
        ordered = posted;
        posted = next;
    }
    threads_ready(ordered);
}

static void inbox_post(struct hart *hart, struct thread *thread) {
    struct thread *first = __c11_atomic_load(&hart->inbox, __ATOMIC_RELAXED);
    do
        thread->next = first;
    while (!__c11_atomic_compare_exchange_weak(&hart->inbox, &first, thread, __ATOMIC_SEQ_CST,
                                               __ATOMIC_RELAXED));
    hart_self()->counters.wake_ipis++;
    hal_hart_interrupt(hart, VECTOR_WAKE);
}

static uint32_t load_of(const struct hart *hart) {
    return __c11_atomic_load(&hart->load, __ATOMIC_RELAXED);
}

static struct hart *hart_least_loaded(void) {
    struct hart *best = hart_self();
    for (unsigned i = 0; i < hart_count; i++)
        if (harts[i]->online && load_of(harts[i]) < load_of(best))
            best = harts[i];
    return best;
}

static void ready_first(struct thread *thread) {
    if (thread->slow.begun)
        return begun_complete(thread);
    thread->hart = hart_least_loaded();
    thread_ready(thread);
}

void thread_ready(struct thread *thread) {
    struct hart *hart = thread->hart, *self = hart_self();
    if (hart == nullptr)
        return ready_first(thread);
    if (hart == self)
        queue_append(hart, thread);
    else
        inbox_post(hart, thread);
}

// --- switching -----------------------------------------------------------------------------------

// Vector registers do not survive when the thread leaves by its own doing; its control words do.
static void vectors_leave(struct hart *hart, struct thread *thread, bool keep) {
    if (!(hart->special & SPECIAL_VECTORS))
        return;
    thread->vectors_saved = keep;
    if (keep)
        hal_vector_save(thread->vectors);
    else
        thread->vector_control = hal_vector_control();
    hal_vector_clear();
    hart->special &= ~SPECIAL_VECTORS;
}

// At once, not when they are used: what was saved before a call must not come back after it.
[[gnu::noinline]] static void vectors_return(struct hart *hart, struct thread *thread) {
    hal_vector_enable();
    hal_vector_load(thread->vectors);
    thread->vectors_saved = false;
    hart->special |= SPECIAL_VECTORS;
}

static void time_charge(struct hart *hart, struct thread *thread) {
    ticks_t now = hal_ticks();
    thread->run_ticks += now - hart->switched;
    hart->switched = now;
}

static void leave(struct hart *hart, bool keep) {
    struct thread *thread = hart->current;
    vectors_leave(hart, thread, keep);
    time_charge(hart, thread);
    hart->current = nullptr;
}

void hart_leave(struct hart *hart) { leave(hart, false); }

void hart_leave_involuntarily(struct hart *hart) {
    deadlines_enter(hart->current);
    leave(hart, true);
}

void hart_requeue(struct hart *hart) {
    struct thread *thread = hart->current;
    deadlines_enter(thread);
    leave(hart, thread->full != 0);
    queue_append(hart, thread);
}

void hart_enter(struct hart *hart, struct thread *thread) {
    thread->hart = hart;
    hart->current = thread;
    hart->counters.switches++;
    tlb_enter(hart, thread->space);
    if ((hart->special & SPECIAL_FS) || thread->fs_base != 0)
        hal_thread_pointer_set(thread->fs_base);
    hart->special = thread->fs_base != 0 ? SPECIAL_FS : 0;
    if (thread->vectors_saved)
        vectors_return(hart, thread);
}

void space_leave(struct hart *hart) {
    if (__c11_atomic_load(&hart->space, __ATOMIC_RELAXED) == nullptr)
        return;
    hal_space_load(paging_kernel_root());
    hart->counters.space_loads++;
    __c11_atomic_store(&hart->space, nullptr, __ATOMIC_RELEASE);
}

// --- time ----------------------------------------------------------------------------------------

static ticks_t watchdog_period(void) { return hal_ticks_per_second() / WATCHDOG_HZ; }

static void tick_arm(struct hart *hart, ticks_t when) {
    hart_tick_set(hart, when);
    hal_timer_arm(when);
}

// The timer runs while there is a deadline, and comes by soon while there is something to switch to
// or work left over.
static void tick_update(struct hart *hart) {
    ticks_t next = hart->nearest;
    if (hart->queued != 0 || hart->tasks != nullptr) {
        ticks_t period_end = hal_ticks() + watchdog_period();
        if (period_end < hart_tick(hart))
            hart->tokens_seen = hart->tokens;
        next = next < period_end ? next : period_end;
    }
    if (next < hart_tick(hart))
        tick_arm(hart, next);
}

bool deadline_deferred(struct hart *hart, ticks_t deadline) {
    if (hart_tick(hart) == TICK_NEVER) {
        hart->tokens_seen = hart->tokens;
        tick_arm(hart, hal_ticks() + watchdog_period());
    }
    return deadline >= hart_tick(hart);
}

static bool hand_claim(const struct hand *hand) {
    return hand->caller != nullptr && call_claim(hand->caller, hand->word, CALL_REPLYING);
}

// A caller waits, and its own hand stands still, while its call is held; so the next is held first.
void deadlines_enter(struct thread *thread) {
    struct hand hand = thread->hand;
    bool held = hand_claim(&hand);
    while (held) {
        struct thread *caller = hand.caller;
        if (caller->call.deadline != 0 && caller->timer.deadline == 0)
            timer_arm(&caller->timer, caller->call.deadline);
        struct hand next = caller->hand;
        held = hand_claim(&next);
        call_unclaim(caller, hand.word);
        hand = next;
    }
}

void watchdog_tick(struct hart *hart) {
    hart_tick_set(hart, TICK_NEVER);
    if (hart->current != nullptr)
        deadlines_enter(hart->current);
    timers_run(hart);
    if (hart->current != nullptr && hart->queued != 0 && hart->tokens == hart->tokens_seen) {
        hart->tokens = -1;
        hart->current->process->watchdog_hits++;
    }
    hart->tokens_seen = hart->tokens;
}

// --- on the way out ------------------------------------------------------------------------------

static void hart_sleep(struct hart *hart) {
    space_leave(hart);
    ticks_t start = hal_ticks();
    __c11_atomic_store(&hart->load, 0, __ATOMIC_RELAXED);
    __c11_atomic_store(&hart->idle, true, __ATOMIC_SEQ_CST);
    if (__c11_atomic_load(&hart->inbox, __ATOMIC_SEQ_CST) == nullptr && hart->tasks == nullptr) {
        tick_update(hart);
        hal_idle();
    }
    __c11_atomic_store(&hart->idle, false, __ATOMIC_SEQ_CST);
    hart->switched = hal_ticks();
    hart->counters.idle_ticks += hart->switched - start;
}

// The current thread may go on only if its process lives; it makes way when its tokens are spent.
static void current_check(struct hart *hart) {
    struct thread *thread = hart->current;
    if (thread == nullptr)
        return;
    if (thread->process->state >= PROCESS_ENDING) {
        thread_finish(thread);
    } else if (hart->tokens < 0) {
        if (hart->queued != 0)
            hart_requeue(hart);
        else
            hart->tokens = QUANTUM_TOKENS;
    }
}

static bool flush_asked(const struct hart *hart) {
    return __c11_atomic_load(&hart->flush, __ATOMIC_ACQUIRE) !=
           __c11_atomic_load(&hart->flushed, __ATOMIC_RELAXED);
}

void hart_exit(void) {
    struct hart *hart = hart_self();
    for (;;) {
        if (flush_asked(hart))
            hart_poll();
        inbox_empty(hart);
        if (hart->tasks != nullptr)
            (void)tasks_run();
        current_check(hart);
        if (hart->current != nullptr)
            break;
        struct thread *next = queue_take(hart);
        if (next != nullptr) {
            hart_enter(hart, next);
            hart->tokens = QUANTUM_TOKENS;
        } else if (hart->tasks == nullptr && frames_zero_some(1) == 0) {
            hart_sleep(hart);
        } else { // others may wait for it meanwhile
            space_leave(hart);
            quiet_point();
            hal_interrupts_admit();
        }
    }
    tlb_enter(hart, hart->current->space);
    __c11_atomic_store(&hart->load, hart->queued + 1, __ATOMIC_RELAXED);
    tick_update(hart);
    quiet_point();
}

void hart_run(struct hart *hart) {
    hart->switched = hal_ticks();
    hart_exit();
    thread_resume();
}

void hart_prepare(struct hart *hart, unsigned index) {
    hart->self = hart;
    hart->index = index;
    hart_tick_set(hart, TICK_NEVER);
    hart->nearest = TICK_NEVER;
    hart->tokens = QUANTUM_TOKENS;
    harts[index] = hart;
}
