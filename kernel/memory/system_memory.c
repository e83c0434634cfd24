// System calls on memory and accounts.
#include "message/system_call.h"

// For another process, and by its pager.
[[gnu::noinline]] static status_t create_for(struct thread *thread, handle_t process,
                                             parcel_t slots, uint64_t kind) {
    status_t status;
    struct process *target =
        object_look_up(thread, process, OBJECT_PROCESS, RIGHT_CONTROL, &status);
    if (target == nullptr)
        return status;
    if ((kind & 3) == MEMORY_PAGER && target->space.pager != thread->space)
        return ERR_NOT_ALLOWED;
    return memory_create(&target->space, slots, kind);
}

status_t system_memory_create(struct thread *thread, handle_t process, parcel_t slots,
                              uint64_t kind) {
    if (process != HANDLE_NONE || (kind & 3) == MEMORY_PAGER)
        return create_for(thread, process, slots, kind);
    return memory_create(thread->space, slots, kind);
}

status_t system_memory_split(struct thread *thread, parcel_t slots) {
    return memory_regroup(&thread->process->space, slots, false);
}

status_t system_memory_join(struct thread *thread, parcel_t slots) {
    return memory_regroup(&thread->process->space, slots, true);
}

status_t system_memory_free(struct thread *thread, parcel_t slots) {
    return memory_free(thread->space, slots);
}

status_t system_memory_clone(struct thread *thread, parcel_t source, uaddr_t destination) {
    return memory_clone(thread->space, source, destination);
}

status_t system_memory_protect(struct thread *thread, parcel_t slots) {
    return memory_protect(&thread->process->space, slots);
}

status_t system_slot_prepare(struct thread *thread, parcel_t slots, uint32_t window) {
    return slot_prepare(&thread->process->space, slots, window);
}

status_t system_slot_release(struct thread *thread, parcel_t slots) {
    return slot_release(&thread->process->space, slots);
}

status_t system_parcel_query(struct thread *thread, uaddr_t address, uint64_t *result,
                             uint64_t *result2) {
    return parcel_query(&thread->process->space, address, result, result2);
}

status_t system_parcel_move(struct thread *thread, struct process *target, parcel_t source,
                            uaddr_t destination) {
    status_t status =
        parcel_move_for(&thread->process->space, source, &target->space, destination, nullptr);
    tlb_wait();
    return status;
}

status_t system_memory_evict(struct thread *thread, struct process *process, uaddr_t address,
                             uint64_t cookie, uaddr_t destination, uint64_t *result,
                             uint64_t *result2) {
    if (process->space.pager != thread->space)
        return ERR_NOT_ALLOWED;
    return memory_evict(&process->space, address, cookie, thread->space, destination, result,
                        result2);
}

status_t system_fork(struct thread *thread, struct process *child) {
    return space_fork(&thread->process->space, &child->space);
}

status_t system_account_fund(struct thread *thread, struct process *from, handle_t to,
                             uint64_t frames) {
    status_t status;
    struct process *taker = object_look_up(thread, to, OBJECT_PROCESS, RIGHT_FUND, &status);
    return taker != nullptr ? account_transfer(&from->account, &taker->account, frames) : status;
}

status_t system_account_query(struct thread *, struct process *process, uint64_t *result,
                              uint64_t *result2) {
    *result = __c11_atomic_load(&process->account.used, __ATOMIC_RELAXED);
    *result2 = __c11_atomic_load(&process->account.limit, __ATOMIC_RELAXED);
    return OK;
}
