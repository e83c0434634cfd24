// What the fast message paths share (fast.c, fast_loan.c). Arguments and results ride in the registers
// of clang's regcall (entry.S says which is which); `low` and `high` come as 0 and stay so.
#pragma once

#include "hal/hal.h"
#include "hart/hart.h"
#include "hart/process.h"
#include "message/handle.h"
#include "message/port.h"

#define REGCALL __attribute__((regcall))
#define LIKELY(condition) __builtin_expect((condition), 1)
#define PARAMETERS                                                                                 \
    uint64_t deadline, uint64_t rip, uint64_t rsp, uint64_t target, uint64_t tag, uint64_t low,    \
        uint64_t high
#define LEAVE_PARAMETERS                                                                           \
    uint64_t rax, uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi, uint64_t low,            \
        uint64_t high

REGCALL void message_call_fast(PARAMETERS);
REGCALL void message_reply_receive_fast(PARAMETERS);
// The same with one page lent, and a reply that brings it home. Without handles: the parcel's descriptor
// rides in `low`.
REGCALL void message_lend_fast(PARAMETERS);
REGCALL void message_return_fast(PARAMETERS);
// Where they end (entry.S). The slow ones find rip, rsp and a deadline in the current thread's block.
REGCALL void message_call_slow(LEAVE_PARAMETERS);
REGCALL void message_reply_receive_slow(LEAVE_PARAMETERS);
REGCALL void message_lend_slow(LEAVE_PARAMETERS);
REGCALL void message_leave(LEAVE_PARAMETERS);
REGCALL void message_leave_with(LEAVE_PARAMETERS);
#define TO_SLOW 0, 0, 0, target, tag, low, high

// The entry that a handle's index names; whether it is the handle's is for the caller to check.
static inline const struct handle_entry *fast_entry(const struct thread *thread, uint64_t handle) {
    const struct handle_table *table = thread->handles;
    uint64_t index = handle & __c11_atomic_load(&table->index_mask, __ATOMIC_ACQUIRE);
    return &__c11_atomic_load(&table->entries, __ATOMIC_ACQUIRE)[index];
}

// Whether an entry's value is this handle; read before what the entry holds.
static inline bool fast_fits(const _Atomic handle_t *value, uint64_t handle) {
    bool fits = *(const handle_t *)value == (handle_t)handle;
    __c11_atomic_signal_fence(__ATOMIC_ACQUIRE);
    return fits;
}

// Makes `next` the current thread. It has nothing special, and neither has the one that is left.
static inline void fast_switch(struct thread *next) {
    struct space *space = next->space;
    HART_SET(current, next);
    // Loading the root, which serialises, makes this visible before any translation is cached.
    __c11_atomic_store(&((__seg_gs struct hart *)0)->space, space, __ATOMIC_RELAXED);
    hal_space_switch(space->root);
}
