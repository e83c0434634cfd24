// A call: the object that carries a message while it is in flight, one built into each thread and
// each begun call (message/begin.h), which is a caller that completes where a thread runs on.
//
// States, in the low byte of `word` (the bytes above count the calls made, so that a late reply
// never answers a later call):
//   IDLE      no call
//   QUEUED    in a port's queue; leaves it under the port's lock: taken, or withdrawn whole
//   TAKEN     a server holds it (in its hand, or kept behind a reply handle). Leaves by an atomic
//             claim: whoever changes the word first ends the call: a reply, a deadline, a death
//   REPLYING  a server is answering; goes on to IDLE, or back to TAKEN if the answer is refused
//
// A server's side is a `struct hand`. Its word tells whether the call that it took still waits. A
// hand whose call was ended by somebody else keeps the caller's thread object alive, and brings a
// loan home all the same.
#pragma once

#include "memory/straight_pass.h"
#include "message/object.h"

struct thread;
struct port;

enum call_state : uint8_t { CALL_IDLE = 0, CALL_QUEUED = 1, CALL_TAKEN = 2, CALL_REPLYING = 3 };
static constexpr uint64_t CALL_STATE_MASK = 0xff;
static constexpr uint64_t CALL_GENERATION = 0x100;

struct call {
    _Atomic uint64_t word;
    struct thread *server; // TAKEN: who took it, and must run before it ends
    uint64_t badge;     // QUEUED: the sender's
    ticks_t deadline;   // 0: none
    uint64_t number;    // of the message, for the trace
    struct thread_list behind; // QUEUED, as the first of its process: the others
};

struct hand {
    struct thread *caller; // nullptr: empty
    uint64_t word;         // the call's, TAKEN
    struct process *lender; // whose loan is here; it does not end before its `loans` are home
    parcel_t home, landed; // the loan's slots there and here; 0: none
    struct page_loan page; // if it came by the fast path (memory/straight_pass.h)
};

// A kept hand.
struct reply {
    struct object object;
    struct hand hand;
    _Atomic bool answering; // by a thread that has the hand to itself meanwhile
};

// Ends the call that a hand holds with an error, brings its loan home and empties it. A loan that
// is lent on stays, and the hand with it: try again when it has come back.
void hand_fail(struct process *server, struct hand *hand, status_t status);

// Has its loan been lent on? Then the request cannot be answered yet.
bool hand_lent_on(struct process *server, const struct hand *hand);

// Answers the request in `hand` with the message in the server's registers. OK: `*answered` is to
// run on; nothing is stored there if it no longer waited. On an error the request stays in hand.
// ERR_NOT_CALLED: there is none.
status_t reply_pass(struct thread *server, struct hand *hand, struct thread **answered);

// Ends a thread's wait with this status, wherever it waits: queued, taken or receiving; with
// ERR_TIMED_OUT only if the deadline of this wait has passed. False: it does not wait, or another
// was faster.
bool wait_end(struct thread *thread, status_t status);

// Sends the request in a begun call's registers, and does not wait. An error: it was not sent.
status_t call_begin(struct thread *caller, const struct thread *sender);

// Whoever holds a call's hand, or knows its word, takes the call from TAKEN to `next`. False:
// somebody else has ended it. Waits while it is held in REPLYING.
bool call_claim(struct thread *caller, uint64_t word, enum call_state next);

// An answer was refused, or a claim was for something else: the call is TAKEN again.
void call_unclaim(struct thread *caller, uint64_t word);

// May a message have this parcel?
static inline bool parcel_sendable(parcel_t parcel) {
    return parcel == 0 || (parcel_mode(parcel) != PARCEL_NONE && !(parcel & PARCEL_RESERVED) &&
                           !(parcel & PARCEL_HOLES) && parcel_mode(parcel) <= PARCEL_CLONE);
}
