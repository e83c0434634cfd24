// Answers: calls that were taken end here, with the server's message or without.
#include "debug/trace.h"
#include "hart/process.h"
#include "hart/schedule.h"
#include "memory/tlb.h"
#include "message/receive.h"
#include "message/system_call.h"
#include "message/touch.h"

bool call_claim(struct thread *caller, uint64_t word, enum call_state next) {
    uint64_t seen = word, call = word & ~CALL_STATE_MASK;
    while (!__c11_atomic_compare_exchange_strong(&caller->call.word, &seen, call | next,
                                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        if (seen != (call | CALL_REPLYING))
            return false;
        seen = word;
        hal_pause();
        hart_poll();
    }
    return true;
}

// Nobody can have lent it on in a process that has lent nothing and whose only thread is here.
bool hand_lent_on(struct process *server, const struct hand *hand) {
    bool possible = server->live != 1 || __c11_atomic_load(&server->loans, __ATOMIC_RELAXED) != 0;
    return hand->lender != nullptr && possible && parcel_lent_on(&server->space, hand->landed);
}

static void loan_home(struct process *server, struct hand *hand) {
    struct process *lender = hand->lender;
    if (lender == nullptr)
        return;
    if (parcel_return(&server->space, hand->landed, &lender->space, hand->home) != OK)
        panic("a loan of %u does not come home", lender->number);
    tlb_wait();
    hand->lender = nullptr;
    process_loan_home(lender);
}

// The call was ended by somebody else: its loan goes home all the same.
static void hand_drop(struct process *server, struct hand *hand) {
    struct thread *caller = hand->caller;
    loan_home(server, hand);
    hand->caller = nullptr;
    object_release(&caller->object);
}

void call_unclaim(struct thread *caller, uint64_t word) {
    __c11_atomic_store(&caller->call.word, word, __ATOMIC_RELEASE);
}

status_t reply_pass(struct thread *server, struct hand *hand, struct thread **answered) {
    const struct registers *r = &server->registers;
    struct thread *caller = hand->caller;
    uint64_t word = hand->word;
    if (caller == nullptr)
        return ERR_NOT_CALLED;
    server->port = nullptr;
    if (!parcel_sendable(r->rdx) || (r->rdx != 0 && parcel_mode(r->rdx) == PARCEL_LEND))
        return ERR_BAD_ARGUMENT;
    if (hand_lent_on(server->process, hand))
        return ERR_BUSY;
    if (!call_claim(caller, word, CALL_REPLYING)) {
        hand_drop(server->process, hand);
        return OK;
    }
    struct passed passed;
    bool touches = caller->slow.touches;
    status_t status = touches ? touch_answer(server, caller)
                              : message_pass(server, caller, nullptr, false, &passed);
    if (status != OK) {
        call_unclaim(caller, word);
        return status;
    }
    tlb_wait();
    loan_home(server->process, hand);
    hand->caller = nullptr;
    *answered = caller;
    if (caller->slow.timed)
        timer_cancel(&caller->timer);
    if (!touches)
        message_fill(caller, r, &passed, KIND_REPLY, 0, caller->call.number);
    trace_message(TRACE_REPLY, server, caller, caller->call.number,
                  touches ? r : &caller->registers);
    __c11_atomic_store(&caller->call.word, word & ~CALL_STATE_MASK, __ATOMIC_RELEASE);
    if (touches)
        touch_end(caller, (status_t)(int16_t)r->rsi);
    return OK;
}

void hand_fail(struct process *server, struct hand *hand, status_t status) {
    struct thread *caller = hand->caller;
    if (caller == nullptr)
        return;
    bool lent_on = hand_lent_on(server, hand);
    if (!call_claim(caller, hand->word, CALL_REPLYING)) {
        if (!lent_on)
            hand_drop(server, hand);
        return;
    }
    uint64_t word = hand->word;
    if (lent_on) {
        tlb_lender_stale(caller->space);
        object_reference(&caller->object); // the hand still names it
    } else {
        loan_home(server, hand);
        hand->caller = nullptr;
    }
    timer_cancel(&caller->timer);
    bool touches = caller->slow.touches;
    if (!touches)
        thread_result(caller, (uint16_t)status | RESULT_TAKEN);
    __c11_atomic_store(&caller->call.word, word & ~CALL_STATE_MASK, __ATOMIC_RELEASE);
    if (touches)
        touch_end(caller, status);
    thread_ready(caller);
}

// --- kept requests -------------------------------------------------------------------------------

void message_reply_keep(struct thread *thread) {
    struct reply *reply;
    handle_t handle = HANDLE_NONE;
    status_t status = thread->hand.caller == nullptr
                          ? ERR_NOT_CALLED
                          : object_create(thread->process, OBJECT_REPLY, sizeof(*reply), &reply);
    if (status == OK) {
        thread->port = nullptr;
        deadlines_enter(thread);
        reply->hand = thread->hand; // before another thread can name it
        status = handle_install(thread->process, &reply->object, RIGHT_REPLY, 0, &handle);
        *(status == OK ? &thread->hand : &reply->hand) = (struct hand){};
        object_release(&reply->object);
    }
    thread_result(thread, (uint16_t)status);
    thread->registers.rdi = handle;
}

// Other threads may answer by the same handle, or close it.
static status_t reply_kept(struct thread *thread, struct thread **caller) {
    status_t status;
    handle_t handle = (handle_t)thread->registers.rdi;
    struct reply *reply = object_look_up(thread, handle, OBJECT_REPLY, RIGHT_REPLY, &status);
    if (reply == nullptr)
        return status;
    if (!object_try_reference(&reply->object))
        return ERR_BAD_HANDLE;
    if (__c11_atomic_exchange(&reply->answering, true, __ATOMIC_ACQUIRE)) {
        status = ERR_BUSY;
    } else {
        status = reply_pass(thread, &reply->hand, caller);
        __c11_atomic_store(&reply->answering, false, __ATOMIC_RELEASE);
    }
    if (status == OK)
        (void)!handle_close(thread->process, handle);
    object_release(&reply->object);
    return status;
}

void message_reply(struct thread *thread) {
    struct thread *caller = nullptr;
    bool kept = (handle_t)thread->registers.rdi != HANDLE_NONE;
    status_t status =
        kept ? reply_kept(thread, &caller) : reply_pass(thread, &thread->hand, &caller);
    if (status == OK && caller == nullptr)
        status = ERR_CANCELLED;
    thread_result(thread, (uint16_t)status);
    if (caller != nullptr)
        thread_ready(caller);
}
