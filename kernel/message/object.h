// What all kernel objects begin with. An object lives while something refers to it: handles,
// threads that wait, objects that need it. Its memory comes from its owner's heap (paid by the
// owner's account) and goes back only after a quiet point, so that a hart that has just looked it
// up without a lock can finish what it does.
#pragma once

#include <abi/rights.h>
#include <abi/status.h>

#include "hal/hal.h"

struct process;

struct object {
    _Atomic uint32_t references;
    uint8_t type; // enum object_type
    uint8_t flags;
    uint16_t reserved;
    struct process *owner; // whose heap it lies in; the object holds a reference to it
};
static_assert(sizeof(struct object) == 16);

// A zeroed object of `size` bytes with one reference. ERR_NO_MEMORY, ERR_NO_FRAME.
status_t object_create(struct process *owner, enum object_type type, size_t size, void *object);

static inline void object_reference(struct object *object) {
    __c11_atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
}

// A reference to what was looked up without one; false if the last went meanwhile.
static inline bool object_try_reference(struct object *object) {
    uint32_t seen = __c11_atomic_load(&object->references, __ATOMIC_RELAXED);
    while (seen != 0 && !__c11_atomic_compare_exchange_weak(&object->references, &seen, seen + 1,
                                                            __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return seen != 0;
}

// One reference less; with the last the object's own clean-up runs and its memory is freed.
void object_release(struct object *object);

// What handle_query tells of an object beside its type: a module's bytes, a process's number, a
// port's protocol; else 0.
uint64_t object_detail(const struct object *object);
