// Accounts. `used` and `limit` are changed by different harts at once: whoever raises `used` looks
// at `limit` afterwards, whoever lowers `limit` looks at `used` afterwards, both in the one order
// that all harts agree on, so of two that conflict at least one steps back.
#include "memory/account.h"

#include "debug/crash.h"

static uint64_t used_of(const struct account *account) {
    return __c11_atomic_load(&account->used, __ATOMIC_SEQ_CST);
}

static uint64_t limit_of(const struct account *account) {
    return __c11_atomic_load(&account->limit, __ATOMIC_SEQ_CST);
}

status_t account_charge(struct account *account, uint64_t frames) {
    if (frames > limit_of(account))
        return ERR_NO_MEMORY;
    uint64_t used = __c11_atomic_fetch_add(&account->used, frames, __ATOMIC_SEQ_CST) + frames;
    if (used <= limit_of(account))
        return OK;
    __c11_atomic_fetch_sub(&account->used, frames, __ATOMIC_SEQ_CST);
    return ERR_NO_MEMORY;
}

void account_refund(struct account *account, uint64_t frames) {
    uint64_t used = __c11_atomic_fetch_sub(&account->used, frames, __ATOMIC_SEQ_CST);
    assert(used >= frames);
}

status_t account_charge_objects(struct account *account, uint64_t frames) {
    status_t status = account_charge(account, frames);
    if (status == OK)
        __c11_atomic_fetch_add(&account->objects, frames, __ATOMIC_RELAXED);
    return status;
}

void account_refund_objects(struct account *account, uint64_t frames) {
    __c11_atomic_fetch_sub(&account->objects, frames, __ATOMIC_RELAXED);
    account_refund(account, frames);
}

status_t account_transfer(struct account *from, struct account *to, uint64_t frames) {
    uint64_t limit = limit_of(from);
    do {
        if (frames > limit)
            return ERR_NO_MEMORY;
    } while (!__c11_atomic_compare_exchange_weak(&from->limit, &limit, limit - frames,
                                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    if (used_of(from) > limit - frames) {
        __c11_atomic_fetch_add(&from->limit, frames, __ATOMIC_SEQ_CST);
        return ERR_NO_MEMORY;
    }
    __c11_atomic_fetch_add(&to->limit, frames, __ATOMIC_SEQ_CST);
    return OK;
}
