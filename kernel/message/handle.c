#include "message/handle.h"

#include "hal/string.h"
#include "hart/process.h"
#include "hart/quiet.h"
#include "message/begin.h"
#include "message/system_call.h"

static constexpr unsigned ENTRIES_PER_FRAME = PAGE_SIZE / sizeof(struct handle_entry);
static constexpr unsigned CAPACITY_LIMIT = 1u << HANDLE_INDEX_BITS;
static constexpr handle_t INDEX_MASK = CAPACITY_LIMIT - 1;

static uint64_t handles_capacity(const struct handle_table *table) { return table->index_mask + 1; }

static unsigned handle_index(handle_t handle) { return handle & INDEX_MASK; }

// The low half of what no handle matches that leads to the entry: not even one whose index is cut
// to the size of the table, as on the fast path.
static handle_t no_handle(unsigned index) { return ~index & INDEX_MASK; }

// The stamp of a free entry, in the upper halves of the two values that no handle matches.
static void stamp_set(struct handle_entry *entry, unsigned index, uint64_t stamp) {
    entry->call_handle = (handle_t)(stamp << 16) | no_handle(index);
    entry->receive_handle = ((handle_t)stamp & ~INDEX_MASK) | no_handle(index);
}

static uint32_t stamp_get(const struct handle_entry *entry) {
    return entry->call_handle >> 16 | (entry->receive_handle & ~INDEX_MASK);
}

status_t handles_initialize(struct process *process) {
    struct handle_table *table = &process->handles;
    struct frame *frame;
    status_t status = account_allocate(&process->account, 0, true, &frame);
    if (status != OK)
        return status;
    // Index 0 is never used: 0 is no handle. What is all 0 at another index matches no handle.
    struct handle_entry *none = frame_contents(frame);
    none->handle = none->call_handle = none->receive_handle = no_handle(0);
    table->entries = none;
    table->index_mask = ENTRIES_PER_FRAME - 1;
    table->fresh = 1;
    return OK;
}

static void table_free(struct process *process, struct handle_entry *entries, uint32_t order) {
    account_free(&process->account, frame_of(virtual_to_physical(entries)), order);
}

void handles_destroy(struct process *process) {
    struct handle_table *table = &process->handles;
    if (table->entries == nullptr)
        return;
    table_free(process, table->entries, table->order);
    table->entries = nullptr;
    table->index_mask = 0;
}

// A block of frames that held a smaller table, until nobody can be reading it.
struct old_table {
    struct quiet quiet;
    struct process *process;
    struct handle_entry *entries;
    uint32_t order;
};

static void old_table_free(struct quiet *quiet) {
    struct old_table *old = (struct old_table *)quiet;
    struct process *process = old->process;
    table_free(process, old->entries, old->order);
    heap_free(old);
    process_release(process);
}

// Doubles the table.
static status_t table_grow_locked(struct process *process) {
    struct handle_table *table = &process->handles;
    uint32_t order = table->order + 1;
    uint64_t capacity = handles_capacity(table) * 2;
    if (capacity > CAPACITY_LIMIT)
        return ERR_NO_HANDLE;
    struct old_table *old;
    struct frame *frame;
    status_t status = heap_allocate(&process->heap, sizeof(*old), (void **)&old);
    if (status != OK)
        return status;
    status = account_allocate(&process->account, order, false, &frame);
    if (status != OK) {
        heap_free(old);
        return status;
    }
    *old = (struct old_table){
        .process = process, .entries = table->entries, .order = table->order};
    struct handle_entry *entries = frame_contents(frame);
    __builtin_memcpy(entries, table->entries, handles_capacity(table) * sizeof(*entries));
    memset(entries + handles_capacity(table), 0, handles_capacity(table) * sizeof(*entries));
    table->entries = entries;
    table->order = order;
    table->index_mask = capacity - 1;
    object_reference(&process->object);
    quiet_defer(&old->quiet, old_table_free);
    return OK;
}

// Are the next `count` free entries such that nobody can still be looking at their last use? Only
// threads of the process itself look its table up.
static bool free_usable_locked(const struct process *process, unsigned count) {
    const struct handle_table *table = &process->handles;
    unsigned index = table->free_first, fresh = (unsigned)handles_capacity(table) - table->fresh;
    for (count -= count < fresh ? count : fresh; count > 0 && index != 0; count--) {
        const struct handle_entry *entry = &table->entries[index];
        if (process->live > 1 && !quiet_passed_recently(stamp_get(entry)))
            return false;
        index = entry->next;
    }
    return count == 0;
}

status_t handles_reserve_locked(struct process *process, unsigned count) {
    if (process->handles.entries == nullptr)
        return ERR_ENDED;
    while (!free_usable_locked(process, count)) {
        status_t status = table_grow_locked(process);
        if (status != OK)
            return status;
    }
    return OK;
}

static struct handle_entry *entry_take_locked(struct handle_table *table) {
    table->used++;
    if (table->fresh < handles_capacity(table))
        return &table->entries[table->fresh++];
    struct handle_entry *entry = &table->entries[table->free_first];
    table->free_first = entry->next;
    if (table->free_first == 0)
        table->free_last = 0;
    return entry;
}

static bool port_revokes(const struct port *port, uint64_t badge) {
    return (uint32_t)(badge - port->revoked) < port->revoked_count;
}

// Fills a reserved entry; takes over a reference.
[[gnu::always_inline]] static inline handle_t
entry_fill_locked(struct process *process, struct object *object, rights_t rights, uint32_t badge) {
    struct handle_entry *entry = entry_take_locked(&process->handles);
    unsigned index = (unsigned)(entry - process->handles.entries);
    entry->object = object;
    entry->badge = (uint64_t)badge << BADGE_OWNER_SHIFT | process->number;
    handle_t handle = (handle_t)(index | (entry->handle & ~INDEX_MASK));
    handle_t none = no_handle(index), call = none, receive = none;
    if (object->type == OBJECT_PORT) {
        struct port *port = (struct port *)object;
        if (port_revokes(port, badge))
            rights &= (rights_t)~RIGHT_CALL;
        if (rights & RIGHT_CALL)
            call = handle;
        if (rights & RIGHT_RECEIVE) {
            receive = handle;
            port->receiver = process;
        }
    }
    entry->rights = rights;
    entry->type = object->type;
    __c11_atomic_store(&entry->call_handle, call, __ATOMIC_RELEASE);
    __c11_atomic_store(&entry->receive_handle, receive, __ATOMIC_RELEASE);
    __c11_atomic_store(&entry->handle, handle, __ATOMIC_RELEASE);
    return handle;
}

// Empties an entry and hands its reference over. The generation moves on at once, so that the old
// handle never matches again.
static struct object *entry_clear_locked(struct handle_table *table, struct handle_entry *entry) {
    struct object *object = entry->object;
    unsigned index = (unsigned)(entry - table->entries);
    handle_t generation = (entry->handle & ~INDEX_MASK) + CAPACITY_LIMIT;
    __c11_atomic_store(&entry->handle, generation | no_handle(index), __ATOMIC_RELEASE);
    stamp_set(entry, index, quiet_stamp());
    entry->next = 0;
    if (table->free_last != 0)
        table->entries[table->free_last].next = (uint16_t)index;
    else
        table->free_first = (uint16_t)index;
    table->free_last = (uint16_t)index;
    table->used--;
    return object;
}

struct handle_entry *handle_entry(struct process *process, handle_t handle) {
    struct handle_table *table = &process->handles;
    unsigned index = handle_index(handle);
    if (index > __c11_atomic_load(&table->index_mask, __ATOMIC_ACQUIRE))
        return nullptr;
    struct handle_entry *entry =
        &__c11_atomic_load(&table->entries, __ATOMIC_ACQUIRE)[index];
    return __c11_atomic_load(&entry->handle, __ATOMIC_ACQUIRE) == handle ? entry : nullptr;
}

struct handle_entry *handle_look_up(struct process *process, handle_t handle,
                                    enum object_type type, rights_t rights, status_t *status) {
    struct handle_entry *entry = handle_entry(process, handle);
    *status = OK;
    if (entry == nullptr)
        *status = ERR_BAD_HANDLE;
    else if (entry->type != type)
        *status = ERR_WRONG_TYPE;
    else if ((entry->rights & rights) != rights)
        *status = ERR_NO_RIGHT;
    return *status == OK ? entry : nullptr;
}

handle_t handle_pass_locked(struct process *sender, handle_t handle, struct process *receiver,
                            rights_t mask, bool move, rights_t *granted) {
    struct handle_entry *entry = handle_entry(sender, handle);
    rights_t only = entry->type == OBJECT_PORT ? RIGHT_RECEIVE : 0; // never lost, or doubled
    rights_t rights = (rights_t)((entry->rights & (mask | only)) & (move ? ~0 : ~only));
    uint32_t badge = (uint32_t)(entry->badge >> BADGE_OWNER_SHIFT);
    struct object *object = entry->object;
    if (move)
        (void)entry_clear_locked(&sender->handles, entry);
    else
        object_reference(object);
    *granted = rights;
    return entry_fill_locked(receiver, object, rights, badge);
}

status_t system_handle_duplicate(struct thread *thread, handle_t handle, rights_t rights,
                                 uint64_t *result) {
    struct process *process = thread->process;
    rights_t left;
    spinlock_acquire(&process->handles.lock);
    const struct handle_entry *entry = handle_entry(process, handle);
    status_t status = entry == nullptr ? ERR_BAD_HANDLE : OK;
    if (status == OK && !(entry->rights & RIGHT_DUPLICATE))
        status = ERR_NO_RIGHT;
    if (status == OK)
        status = handles_reserve_locked(process, 1);
    if (status == OK)
        *result = handle_pass_locked(process, handle, process, rights, false, &left);
    spinlock_release(&process->handles.lock);
    return status;
}

status_t handle_install(struct process *process, struct object *object, rights_t rights,
                        uint32_t badge, handle_t *handle) {
    spinlock_acquire(&process->handles.lock);
    status_t status = handles_reserve_locked(process, 1);
    if (status == OK && !object_try_reference(object))
        status = ERR_BAD_HANDLE; // closed by another thread since it was looked up
    if (status == OK)
        *handle = entry_fill_locked(process, object, rights, badge);
    spinlock_release(&process->handles.lock);
    return status;
}

// A port's receive right is gone with its handle: there is only one.
static void reference_drop(struct object *object, rights_t rights) {
    if (object->type == OBJECT_PORT && (rights & RIGHT_RECEIVE))
        port_close((struct port *)object);
    else if (object->type == OBJECT_CALL)
        (void)begun_cancel((struct begun *)object); // its process ends
    object_release(object);
}

// A kept request whose loan is lent on cannot be let go, nor can a call that is in flight.
static bool entry_stays(struct process *process, const struct handle_entry *entry) {
    if (entry->type == OBJECT_CALL)
        return ((const struct begun *)entry->object)->busy && process->state < PROCESS_ENDING;
    return entry->type == OBJECT_REPLY &&
           hand_lent_on(process, &((const struct reply *)entry->object)->hand);
}

status_t handle_close(struct process *process, handle_t handle) {
    struct object *object = nullptr;
    rights_t rights = 0;
    spinlock_acquire(&process->handles.lock);
    struct handle_entry *entry = handle_entry(process, handle);
    status_t status = entry == nullptr ? ERR_BAD_HANDLE : OK;
    if (status == OK && entry_stays(process, entry))
        status = ERR_BUSY;
    if (status == OK) {
        rights = entry->rights;
        object = entry_clear_locked(&process->handles, entry);
    }
    spinlock_release(&process->handles.lock);
    if (status == OK)
        reference_drop(object, rights);
    return status;
}

bool handles_close_some(struct process *process, unsigned *index, unsigned limit) {
    struct handle_table *table = &process->handles;
    for (; *index < table->fresh && limit > 0; (*index)++, limit--) {
        const struct handle_entry *entry = &table->entries[*index];
        handle_t handle = entry->handle;
        if (handle_index(handle) != *index || *index == 0)
            continue;
        if (entry->type == OBJECT_REPLY)
            hand_fail(process, &((struct reply *)entry->object)->hand, ERR_PEER_DIED);
        (void)!handle_close(process, handle);
    }
    return *index >= table->fresh;
}

// A piece of one process's table. Others' handles are made and moved under the lock of the table
// where they go, and may not call if the port says so: what is not here yet has lost the right when
// it comes. The handles of a process that ended go without being used.
status_t system_port_revoke(struct thread *, struct port *port, uint32_t badge, uint64_t count,
                            uint64_t from, uint64_t *result) {
    struct process *process = process_from((uint32_t)(from >> HANDLE_INDEX_BITS));
    port->revoked = badge;
    port->revoked_count = process != nullptr ? count : 0;
    if (process == nullptr)
        return OK;
    struct handle_table *table = &process->handles;
    uint64_t first = (uint64_t)process->number << HANDLE_INDEX_BITS;
    uint64_t index = from > first ? from - first : 0;
    spinlock_acquire(&table->lock);
    uint64_t end = process->live == 0 && process->state >= PROCESS_ENDING ? 0 : table->fresh;
    for (unsigned left = ENTRIES_PER_FRAME; index < end && left > 0; index++, left--) {
        struct handle_entry *entry = &table->entries[index];
        if (entry->object != &port->object ||
            !port_revokes(port, entry->badge >> BADGE_OWNER_SHIFT))
            continue;
        entry->rights &= (rights_t)~RIGHT_CALL;
        entry->call_handle = (entry->call_handle & ~INDEX_MASK) | no_handle((unsigned)index);
    }
    *result = first + (index < end ? index : CAPACITY_LIMIT);
    spinlock_release(&table->lock);
    process_release(process);
    return OK;
}
