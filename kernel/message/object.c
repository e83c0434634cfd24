#include "message/object.h"

#include "hart/module.h"
#include "hart/process.h"
#include "hart/quiet.h"
#include "interrupt/line.h"
#include "memory/heap.h"
#include "message/begin.h"

// In front of every object: the link for its freeing.
struct object_block {
    struct quiet quiet;
    uint64_t padding;
};
static_assert(sizeof(struct object_block) == 32);

status_t object_create(struct process *owner, enum object_type type, size_t size, void *object) {
    void *block;
    status_t status = heap_allocate(&owner->heap, sizeof(struct object_block) + size, &block);
    if (status != OK)
        return status;
    struct object *header = (struct object *)((struct object_block *)block + 1);
    header->references = 1;
    header->type = type;
    header->owner = owner;
    object_reference(&owner->object);
    hart_self()->counters.objects[type]++;
    *(void **)object = header;
    return OK;
}

uint64_t object_detail(const struct object *object) {
    switch ((enum object_type)object->type) {
    case OBJECT_PORT:
        return ((const struct port *)object)->protocol;
    case OBJECT_PROCESS:
        return ((const struct process *)object)->number;
    case OBJECT_MODULE:
        return module_size((const struct module *)object);
    default:
        return 0;
    }
}

// What nobody can be using any more lets go of what it holds: a port of who came late to receive, a
// process of its memory.
static void object_free(struct quiet *quiet) {
    struct object *object = (struct object *)((struct object_block *)quiet + 1);
    struct process *owner = object->owner;
    if (object->type == OBJECT_PORT)
        port_close((struct port *)object);
    else if (object->type == OBJECT_THREAD)
        thread_clean((struct thread *)object);
    else if (object->type == OBJECT_PROCESS)
        process_clean((struct process *)object);
    hart_self()->counters.objects[object->type]--;
    heap_free(quiet);
    if (owner != nullptr)
        process_release(owner);
}

// What nothing refers to any more stops what it does.
static void object_close(struct object *object) {
    if (object->type == OBJECT_NOTIFICATION)
        notification_close((struct notification *)object);
    else if (object->type == OBJECT_REPLY)
        hand_fail(object->owner, &((struct reply *)object)->hand, ERR_NO_REPLY);
    else if (object->type == OBJECT_CALL)
        object_release(&((struct begun *)object)->event.port->object);
    else if (object->type == OBJECT_IRQ)
        line_close((struct line *)object);
}

void object_release(struct object *object) {
    if (__c11_atomic_fetch_sub(&object->references, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    object_close(object);
    quiet_defer(&((struct object_block *)object - 1)->quiet, object_free);
}
