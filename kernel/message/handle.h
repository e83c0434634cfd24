// A process's handle table: a growing array. Look-up takes no lock: a handle's index and generation
// are checked by one comparison, on the message path type and right too. Changes are made under the
// table's lock. An entry that was closed is used again only after a quiet point, and with another
// generation.
#pragma once

#include "message/object.h"
#include "sync/spinlock.h"

struct handle_entry {
    struct object *object;
    uint64_t badge;       // as received with messages sent through it
    // Its value, while in use; else one whose index is not the entry's own. The same again for
    // those that may call a port, and for those that may receive from it: one comparison for the
    // fast path. Free: bits 16-31 hold the next generation, and two halves of the quiet stamp.
    _Atomic handle_t handle, call_handle, receive_handle;
    rights_t rights;
    uint8_t type;
    uint16_t next; // free: index of the next free entry
};
static_assert(sizeof(struct handle_entry) == 32);

struct handle_table {
    struct spinlock lock;
    // Read without the lock, the mask first: a table that has just grown holds the old one's
    // entries.
    _Atomic(struct handle_entry *) entries;
    _Atomic uint64_t index_mask; // entries less one; their number is a power of two
    uint32_t order;    // of the block of frames
    uint32_t used;
    uint32_t fresh;    // entries from this index on have never been used, and are all 0
    uint16_t free_first, free_last; // in order of closing; 0: none
};

status_t handles_initialize(struct process *process);

// Frees the table itself; every handle is closed.
void handles_destroy(struct process *process);

// Closes entries from index *index on, at most `limit`; true when there are none left.
bool handles_close_some(struct process *process, unsigned *index, unsigned limit);

// The entry, or nullptr: ERR_BAD_HANDLE, ERR_WRONG_TYPE, ERR_NO_RIGHT in *status. By the process's
// own threads only; valid until the next quiet point.
struct handle_entry *handle_look_up(struct process *process, handle_t handle,
                                    enum object_type type, rights_t rights, status_t *status);

// The entry behind any handle, or nullptr.
struct handle_entry *handle_entry(struct process *process, handle_t handle);

// Makes an entry for an object; takes a reference of its own. ERR_NO_HANDLE, ERR_NO_MEMORY.
status_t handle_install(struct process *process, struct object *object, rights_t rights,
                        uint32_t badge, handle_t *handle);

// Closes an entry and drops its reference. ERR_BAD_HANDLE; ERR_BUSY: a kept request whose loan is
// lent on.
status_t handle_close(struct process *process, handle_t handle);

// For who holds the locks of both tables. Makes room for so many handles: ERR_ENDED, ERR_NO_HANDLE,
// ERR_NO_MEMORY, ERR_NO_FRAME.
status_t handles_reserve_locked(struct process *process, unsigned count);

// Takes one entry out of the sender's table, or refers to its object once more, and makes the
// receiver's, with these of its rights. Everything was checked and room is there.
handle_t handle_pass_locked(struct process *sender, handle_t handle, struct process *receiver,
                            rights_t mask, bool move, rights_t *granted);

// The handles of a message: which, and what becomes of each. From its registers (tag, r8, r9).
struct handle_batch {
    uint64_t tag;
    uint64_t low, high;
};

static inline bool handles_present(const struct handle_batch *batch) {
    return (batch->low | batch->high) != 0;
}

// Checks that all handles of a batch may travel: they exist, with RIGHT_TRANSFER, and with
// RIGHT_DUPLICATE where they are not moved. A port's receive right cannot travel through that port.
status_t handles_check(struct process *sender, const struct handle_batch *batch,
                       const struct object *port, unsigned *count);

// Makes room for so many handles. ERR_NO_HANDLE, ERR_NO_MEMORY, ERR_NO_FRAME.
status_t handles_room(struct process *receiver, unsigned count);

// Moves a batch; errors of the two above if something has changed since. On success the batch holds
// the receiver's handles, and its tag the rights that went along. All or nothing.
status_t handles_pass(struct process *sender, struct process *receiver, const struct object *port,
                      struct handle_batch *batch);

// Puts one handle of `from` into `to` with these of its rights. Errors as above; ERR_NOT_ALLOWED
// for a process that has not started in another, or in itself.
status_t handle_grant(struct process *from, handle_t handle, struct process *to, rights_t rights,
                      bool move, handle_t *granted);
