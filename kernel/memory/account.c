#include "memory/account.h"

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
    uint64_t limit = __c11_atomic_load(&from->limit, __ATOMIC_SEQ_CST);
    do {
        if (frames > limit)
            return ERR_NO_MEMORY;
    } while (!__c11_atomic_compare_exchange_weak(&from->limit, &limit, limit - frames,
                                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    if (__c11_atomic_load(&from->used, __ATOMIC_SEQ_CST) > limit - frames) {
        __c11_atomic_fetch_add(&from->limit, frames, __ATOMIC_SEQ_CST);
        return ERR_NO_MEMORY;
    }
    __c11_atomic_fetch_add(&to->limit, frames, __ATOMIC_SEQ_CST);
    return OK;
}
