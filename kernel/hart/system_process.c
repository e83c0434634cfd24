// System calls on processes and threads.
#include <abi/layout.h>

#include "message/system_call.h"

static constexpr rights_t PROCESS_RIGHTS = RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_CONTROL |
                                           RIGHT_END | RIGHT_WATCH | RIGHT_FUND;
static constexpr uint32_t STATUS_LIMIT = 255;

status_t system_process_create(struct thread *thread, uint64_t limit, uint64_t name_low,
                               uint64_t name_high, uint64_t *result) {
    union {
        uint64_t word[2];
        char text[16];
    } name = {{name_low, name_high}};
    struct process *process;
    status_t status = process_create(thread->process, limit, name.text, &process);
    return status == OK ? object_hand_out(thread, &process->object, PROCESS_RIGHTS, result)
                        : status;
}

status_t system_process_grant(struct thread *thread, struct process *target, handle_t handle,
                              rights_t rights, uint32_t moved, uint64_t *result) {
    if (moved > 1)
        return ERR_BAD_ARGUMENT;
    handle_t granted = HANDLE_NONE;
    status_t status = handle_grant(thread->process, handle, target, rights, moved != 0, &granted);
    *result = granted;
    return status;
}

status_t system_thread_create(struct thread *thread, struct process *target, uaddr_t entry,
                              uaddr_t stack, uint64_t argument, uint64_t *result) {
    struct thread *created;
    status_t status = thread_create(target, entry, stack, argument, &created);
    if (status != OK)
        return status;
    object_reference(&created->object);
    status = object_hand_out(thread, &created->object,
                             RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_CONTROL, result);
    if (status == OK && (status = thread_start(created)) != OK)
        (void)handle_close(thread->process, (handle_t)*result);
    object_release(&created->object);
    return status;
}

status_t system_process_end(struct thread *thread, struct process *target, uint32_t status) {
    if (status > STATUS_LIMIT)
        return ERR_BAD_ARGUMENT;
    process_end(target, target == thread->process ? END_EXITED : END_KILLED, status, 0, 0);
    return OK;
}

status_t system_thread_end(struct thread *thread) {
    thread_finish(thread);
    return OK;
}

static status_t watch_target(struct thread *thread, handle_t handle, uint32_t number,
                             struct process **target) {
    status_t status = OK;
    if (handle != HANDLE_NONE) {
        *target = object_look_up(thread, handle, OBJECT_PROCESS, RIGHT_WATCH, &status);
        if (*target != nullptr && !object_try_reference(&(*target)->object))
            status = ERR_BAD_HANDLE;
        return status;
    }
    *target = process_find(number);
    return *target != nullptr ? OK : ERR_ENDED;
}

status_t system_process_watch(struct thread *thread, handle_t process, uint32_t number,
                              handle_t port, uint64_t badge) {
    status_t status;
    struct port *own = object_look_up(thread, port, OBJECT_PORT, RIGHT_RECEIVE, &status);
    if (own == nullptr)
        return status;
    struct process *target;
    status = watch_target(thread, process, number, &target);
    if (status != OK)
        return status;
    status = process_watch(target, thread->process, own, badge);
    process_release(target);
    return status;
}

status_t system_process_pager(struct thread *thread, struct process *target, handle_t port,
                              uint64_t badge, parcel_t unseen) {
    status_t status;
    struct port *own = object_look_up(thread, port, OBJECT_PORT, RIGHT_RECEIVE, &status);
    return own != nullptr ? process_pager_set(target, thread->process, own, badge, unseen) : status;
}

status_t system_process_paged(struct thread *thread, struct port *own, uint32_t number,
                              uint64_t *result) {
    struct process *process = process_find(number);
    if (process == nullptr)
        return ERR_ENDED;
    if (process->pager == own)
        return object_hand_out(thread, &process->object, RIGHT_CONTROL | RIGHT_END, result);
    process_release(process);
    return ERR_NOT_ALLOWED;
}

status_t system_thread_pointer(struct thread *thread, uaddr_t address) {
    if (address >= LAYOUT_LIMIT)
        return ERR_BAD_ARGUMENT;
    thread->fs_base = address;
    thread->slow.has_fs = address != 0;
    hart_self()->special |= SPECIAL_FS; // the next thread's is loaded even if it has none
    hal_thread_pointer_set(address);
    return OK;
}

status_t system_yield(struct thread *) {
    struct hart *hart = hart_self();
    if (hart->queued != 0 || __c11_atomic_load(&hart->inbox, __ATOMIC_RELAXED) != nullptr)
        hart_requeue(hart);
    return OK;
}
