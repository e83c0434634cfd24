#include "hart/process.h"

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

// Others may move limit at the same time.
void process_limit_return(struct process *process) {
    uint64_t used, limit;
    do {
        used = process->account.used;
        limit = process->account.limit;
    } while (limit > used && account_transfer(&process->account, &process->object.owner->account,
                                              limit - used) != OK);
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
    process_limit_return(process);
    list_remove(process);
}

// --- watches -------------------------------------------------------------------------------------

static void watch_post(const struct process *process, struct watch *watch) {
    watch->event.word[0] = process->number;
    watch->event.word[1] = process->status;
    watch->event.word[2] = process->cause | (uint64_t)process->exception << 8;
    watch->event.word[3] = process->end_address;
    port_post(watch->event.port, &watch->event);
}

void watches_tell(struct process *process) {
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

// Takes the watches of one watcher off a process; returns them behind `taken`.
static struct watch *watches_take(struct process *process, const struct process *watcher,
                                  struct watch *taken) {
    struct watch **link = &process->watches;
    spinlock_acquire(&process->lock);
    for (struct watch *watch; (watch = *link) != nullptr;) {
        if (watch->watcher == watcher) {
            *link = watch->next;
            watch->next = taken;
            taken = watch;
        } else {
            link = &watch->next;
        }
    }
    process->watches_end = link;
    spinlock_release(&process->lock);
    return taken;
}

void watches_withdraw(struct process *watcher) {
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
