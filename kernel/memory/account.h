// What a process may use: `used` of `limit`, in frames. `used` is changed where memory is granted
// (create, clone, give, free, kernel objects), never where it is touched or split. Invariant: used
// equals the root table's charge plus the frames of the process's kernel objects, plus frames still
// being freed; used <= limit; limits sum to what the kernel handed to the first process.
//
// Both are changed by different harts at once: whoever raises `used` looks at `limit` afterwards,
// whoever lowers `limit` looks at `used` afterwards, both in the one order that all harts agree on,
// so of two that conflict at least one steps back.
#pragma once

#include "debug/crash.h"
#include "memory/frame.h"

struct account {
    _Atomic uint64_t used, limit;
    _Atomic uint64_t objects; // of used: frames of kernel objects
};

// Takes frames from what is left, or changes nothing: ERR_NO_MEMORY.
static inline status_t account_charge(struct account *account, uint64_t frames) {
    if (frames > __c11_atomic_load(&account->limit, __ATOMIC_SEQ_CST))
        return ERR_NO_MEMORY;
    uint64_t used = __c11_atomic_fetch_add(&account->used, frames, __ATOMIC_SEQ_CST) + frames;
    if (used <= __c11_atomic_load(&account->limit, __ATOMIC_SEQ_CST))
        return OK;
    __c11_atomic_fetch_sub(&account->used, frames, __ATOMIC_SEQ_CST);
    return ERR_NO_MEMORY;
}

static inline void account_refund(struct account *account, uint64_t frames) {
    uint64_t used = __c11_atomic_fetch_sub(&account->used, frames, __ATOMIC_SEQ_CST);
    assert(used >= frames);
}

// A block of 2^order frames of kernel objects that the account pays for; with contents unknown, or
// one that is zeroed. ERR_NO_MEMORY, ERR_NO_FRAME.
status_t account_allocate(struct account *account, unsigned order, bool zeroed,
                          struct frame **frame);
void account_free(struct account *account, struct frame *frame, unsigned order);

// Moves limit, if the first has so much unused: ERR_NO_MEMORY.
status_t account_transfer(struct account *from, struct account *to, uint64_t frames);
