#include "memory/account.h"

status_t account_allocate(struct account *account, unsigned order, bool zeroed,
                          struct frame **frame) {
    status_t status = account_charge(account, 1ull << order);
    if (status != OK)
        return status;
    status = zeroed ? frame_allocate_zeroed(FRAME_OBJECT, frame)
                    : frame_allocate(order, FRAME_OBJECT, frame);
    if (status == OK)
        __c11_atomic_fetch_add(&account->objects, 1ull << order, __ATOMIC_RELAXED);
    else
        account_refund(account, 1ull << order);
    return status;
}

void account_free(struct account *account, struct frame *frame, unsigned order) {
    frame_free(frame, order);
    __c11_atomic_fetch_sub(&account->objects, 1ull << order, __ATOMIC_RELAXED);
    account_refund(account, 1ull << order);
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
