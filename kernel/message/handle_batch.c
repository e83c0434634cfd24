// Handles that travel in messages, or are granted.
#include "hart/process.h"
#include "message/handle.h"

static handle_t batch_handle(const struct handle_batch *batch, unsigned i) {
    return (handle_t)((i < 2 ? batch->low : batch->high) >> (i % 2 * 32));
}

static bool batch_moves(const struct handle_batch *batch, unsigned i) {
    return batch->tag >> (TAG_MOVE_SHIFT + i) & 1;
}

static rights_t batch_rights(const struct handle_batch *batch, unsigned i) {
    return (rights_t)(batch->tag >> (TAG_RIGHTS_SHIFT + 8 * i));
}

// May this entry travel?
static status_t entry_travels(const struct handle_entry *entry, bool move,
                              const struct object *port) {
    if (entry == nullptr)
        return ERR_BAD_HANDLE;
    if (!(entry->rights & RIGHT_TRANSFER))
        return ERR_NO_RIGHT;
    if (!move && !(entry->rights & RIGHT_DUPLICATE))
        return ERR_NO_RIGHT;
    if (entry->object == port && (entry->rights & RIGHT_RECEIVE))
        return ERR_NO_RIGHT;
    return OK;
}

status_t handles_check(struct process *sender, const struct handle_batch *batch,
                       const struct object *port, unsigned *count) {
    *count = 0;
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++) {
        handle_t handle = batch_handle(batch, i);
        if (handle == HANDLE_NONE)
            continue;
        for (unsigned j = 0; j < i; j++)
            if (batch_handle(batch, j) == handle &&
                (batch_moves(batch, i) || batch_moves(batch, j)))
                return ERR_BAD_HANDLE;
        status_t status = entry_travels(handle_entry(sender, handle),
                                        batch_moves(batch, i), port);
        if (status != OK)
            return status;
        (*count)++;
    }
    return OK;
}

status_t handles_room(struct process *receiver, unsigned count) {
    spinlock_acquire(&receiver->handles.lock);
    status_t status = handles_reserve_locked(receiver, count);
    spinlock_release(&receiver->handles.lock);
    return status;
}

status_t handles_pass(struct process *sender, struct process *receiver, const struct object *port,
                      struct handle_batch *batch) {
    unsigned count;
    handle_t out[MESSAGE_HANDLES] = {};
    uint64_t tag = batch->tag & 0xffffffff;
    spinlocks_acquire(&sender->handles.lock, &receiver->handles.lock);
    status_t status = handles_check(sender, batch, port, &count);
    if (status == OK)
        status = handles_reserve_locked(receiver, count);
    if (status != OK)
        goto out_locked;
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++) {
        rights_t granted = 0;
        if (batch_handle(batch, i) != HANDLE_NONE)
            out[i] = handle_pass_locked(sender, batch_handle(batch, i), receiver,
                                        batch_rights(batch, i), batch_moves(batch, i), &granted);
        tag |= (uint64_t)granted << (TAG_RIGHTS_SHIFT + 8 * i);
    }
    batch->tag = tag;
    batch->low = out[0] | (uint64_t)out[1] << 32;
    batch->high = out[2] | (uint64_t)out[3] << 32;
out_locked:
    spinlocks_release(&sender->handles.lock, &receiver->handles.lock);
    return status;
}

static bool is_new(const struct object *object) {
    return object->type == OBJECT_PROCESS &&
           ((const struct process *)object)->state == PROCESS_NEW;
}

status_t handle_grant(struct process *from, handle_t handle, struct process *to, rights_t rights,
                      bool move, handle_t *granted) {
    const struct handle_entry *entry = handle_entry(from, handle);
    if (entry == nullptr)
        return ERR_BAD_HANDLE;
    if (is_new(&to->object) && is_new(entry->object))
        return ERR_NOT_ALLOWED; // neither could end: each would keep the other
    struct handle_batch batch = {
        .tag = (uint64_t)rights << TAG_RIGHTS_SHIFT | (uint64_t)move << TAG_MOVE_SHIFT,
        .low = handle};
    status_t status = handles_pass(from, to, nullptr, &batch);
    *granted = (handle_t)batch.low;
    return status;
}
