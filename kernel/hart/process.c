#include "hart/process.h"

#include "debug/log.h"
#include "debug/trace.h"
#include "hart/module.h"
#include "hart/schedule.h"
#include "interrupt/line.h"

LOG_MODULE(LOG_PROCESS);

// All processes form a ring, by number; it begins here.
struct process kernel_process = {.next = &kernel_process, .previous = &kernel_process};

static struct spinlock list_lock;
static uint32_t last_number;

// --- the list of all processes -------------------------------------------------------------------

static void list_add(struct process *process) {
    spinlock_acquire(&list_lock);
    process->number = ++last_number;
    process->next = &kernel_process;
    process->previous = kernel_process.previous;
    process->previous->next = process;
    kernel_process.previous = process;
    spinlock_release(&list_lock);
}

static void list_remove(struct process *process) {
    spinlock_acquire(&list_lock);
    process->previous->next = process->next;
    process->next->previous = process->previous;
    spinlock_release(&list_lock);
}

struct process *process_from(uint32_t number) {
    struct process *process = &kernel_process;
    spinlock_acquire(&list_lock);
    while (process->number < number || !object_try_reference(&process->object)) {
        process = process->next;
        if (process == &kernel_process) {
            process = nullptr;
            break;
        }
    }
    spinlock_release(&list_lock);
    return process;
}

struct process *process_find(uint32_t number) {
    struct process *process = process_from(number);
    if (process != nullptr && process->number != number) {
        process_release(process);
        return nullptr;
    }
    return process;
}

// --- life ----------------------------------------------------------------------------------------

void processes_initialize(uint64_t frames) {
    struct process *kernel = &kernel_process;
    kernel->object = (struct object){.references = 1, .type = OBJECT_PROCESS};
    kernel->state = PROCESS_LIVE;
    __builtin_memcpy(kernel->name, "kernel", 7);
    kernel->account.limit = frames;
    heap_initialize(&kernel->heap, &kernel->account);
    if (handles_initialize(kernel) != OK)
        panic("no memory for the kernel's handle table");
}

static status_t process_fill(struct process *process) {
    heap_initialize(&process->heap, &process->account);
    status_t status = space_create(&process->space, &process->account);
    if (status != OK)
        return status;
    status = handles_initialize(process);
    if (status != OK)
        while (!space_destroy(&process->space))
            ;
    return status;
}

status_t process_create(struct process *creator, uint64_t limit, const char name[16],
                        struct process **process) {
    if (limit < PROCESS_LIMIT_MINIMUM)
        return ERR_BAD_ARGUMENT;
    status_t status = object_create(creator, OBJECT_PROCESS, sizeof(**process), process);
    if (status != OK)
        return status;
    struct process *p = *process;
    __builtin_memcpy(p->name, name, sizeof(p->name));
    list_add(p);
    status = account_transfer(&creator->account, &p->account, limit);
    if (status == OK)
        status = process_fill(p);
    if (status != OK) {
        p->state = PROCESS_ENDED;
        object_release(&p->object);
    }
    return status;
}

void process_release(struct process *process) { object_release(&process->object); }

// --- the end -------------------------------------------------------------------------------------

// Gives back to the creator what is not used any more. Others may move limit at the same time.
static void limit_return(struct process *process) {
    uint64_t used, limit;
    do {
        used = process->account.used;
        limit = process->account.limit;
    } while (limit > used && account_transfer(&process->account, &process->object.owner->account,
                                              limit - used) != OK);
}

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

static void watch_post(const struct process *process, struct watch *watch) {
    watch->event.word[0] = process->number;
    watch->event.word[1] = process->status;
    watch->event.word[2] = process->cause | (uint64_t)process->exception << 8;
    watch->event.word[3] = process->end_address;
    port_post(watch->event.port, &watch->event);
}

// It has ENDED: posts the deaths. Who asked first hears first: the loader, which names the
// functions of a crash, before the parent.
static void watches_tell(struct process *process) {
    spinlock_acquire(&process->lock);
    process->state = PROCESS_ENDED;
    struct watch *watch = process->watches;
    process->watches = nullptr;
    spinlock_release(&process->lock);
    while (watch != nullptr) {
        struct watch *next = watch->next;
        watch_post(process, watch);
        watch = next;
    }
}

static void process_ended(struct process *process) {
    limit_return(process);
    log_debug("%s (%u) ended, status %u", process->name, process->number, process->status);
    watches_tell(process);
    process_release(process);
}

// The object goes. Its heap is empty: every object in it held a reference.
void process_clean(struct process *process) {
    if (process->state == PROCESS_NEW) { // never started: nobody can reach it any more
        watches_tell(process);
        (void)handles_close_some(process, &process->closing, ~0u);
        handles_destroy(process);
        while (!space_destroy(&process->space))
            ;
    }
    if (process->pager != nullptr) {
        object_release(&process->pager->object);
        object_release(&process->pager_process->object);
    }
    limit_return(process);
    list_remove(process);
}

// Takes the watches of one watcher off a process; returns them behind `taken`.
static struct watch *watches_take(struct process *process, const struct process *watcher,
                                  struct watch *taken) {
    struct watch **link = &process->watches;
    spinlock_acquire(&process->lock);
    while (*link != nullptr) {
        struct watch *watch = *link;
        if (watch->watcher != watcher) {
            link = &watch->next;
            continue;
        }
        *link = watch->next;
        watch->next = taken;
        taken = watch;
    }
    process->watches_end = link;
    spinlock_release(&process->lock);
    return taken;
}

// Whoever ends does not wait for the deaths of others: its memory would go only with the last.
static void watches_withdraw(struct process *watcher) {
    struct process *p = &kernel_process;
    struct watch *taken = nullptr;
    if (watcher->watching == 0)
        return;
    spinlock_acquire(&list_lock);
    do
        taken = watches_take(p, watcher, taken);
    while ((p = p->next) != &kernel_process);
    spinlock_release(&list_lock);
    while (taken != nullptr) {
        struct watch *next = taken->next;
        watch_free(taken);
        taken = next;
    }
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

// Asks the harts that run its threads to come by: all that are not idle, since one may be entering
// a thread on the fast path, which does not look at the process's state.
static void harts_notify(void) {
    const struct hart *self = hart_self();
    for (unsigned i = 0; i < hart_count; i++)
        if (harts[i] != self && harts[i]->online &&
            !__c11_atomic_load(&harts[i]->idle, __ATOMIC_SEQ_CST))
            hal_hart_interrupt(harts[i], VECTOR_WAKE);
}

// Ends what waits; what runs ends when its hart comes by.
static void threads_stop(struct process *process) {
    // No thread joins any more; those that have ended stay in the list until the clean-up.
    for (struct thread *t = process->threads; t != nullptr; t = t->sibling)
        if (t != hart_self()->current)
            thread_stop(t);
    process_loans_look(process);
    if (others_live(process))
        harts_notify();
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

status_t process_pager_set(struct process *process, struct process *pager, struct port *port,
                           uint64_t badge, parcel_t unseen) {
    status_t status = ERR_NOT_ALLOWED;
    spinlock_acquire(&process->lock);
    if (process->state == PROCESS_NEW && process->pager == nullptr)
        status = space_pager_set(&process->space, &pager->space, unseen);
    if (status == OK)
        status = object_try_reference(&port->object) ? OK : ERR_BAD_HANDLE;
    if (status == OK) {
        object_reference(&pager->object);
        process->pager = port;
        process->pager_badge = badge;
        process->pager_process = pager;
    }
    spinlock_release(&process->lock);
    return status;
}

// --- watches -------------------------------------------------------------------------------------

status_t process_watch(struct process *process, struct process *watcher, struct port *port,
                       uint64_t badge) {
    struct watch *watch;
    status_t status = heap_allocate(&watcher->heap, sizeof(*watch), (void **)&watch);
    if (status != OK)
        return status;
    if (!object_try_reference(&port->object)) {
        heap_free(watch);
        return ERR_BAD_HANDLE;
    }
    *watch = (struct watch){.watcher = watcher};
    watch->event = (struct event){.kind = KIND_DEATH, .badge = badge, .port = port};
    object_reference(&watcher->object);
    watcher->watching++;
    spinlock_acquire(&process->lock);
    bool ended = process->state == PROCESS_ENDED;
    if (!ended) {
        if (process->watches == nullptr)
            process->watches_end = &process->watches;
        *process->watches_end = watch;
        process->watches_end = &watch->next;
    }
    spinlock_release(&process->lock);
    if (ended)
        watch_post(process, watch);
    return OK;
}

void watch_free(struct watch *watch) {
    struct process *watcher = watch->watcher;
    struct port *port = watch->event.port;
    watcher->watching--;
    heap_free(watch);
    object_release(&port->object);
    process_release(watcher);
}
