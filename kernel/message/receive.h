// Delivering to a thread: what a receive brings. All under the port's lock; the thread is in no
// list, or the first that waits at the port.
#pragma once

#include "hart/thread.h"
#include "message/handle.h"
#include "message/port.h"

// What became of a message's parcel and handles on the way.
struct passed {
    struct handle_batch batch; // the receiver's handles, with their rights in the tag
    parcel_t landed;
    uint64_t charge;
};

// Moves the parcel and handles of the message in `from`'s registers to `to`. All or nothing.
// `port`: through which it goes; nullptr for a reply. `marked`: the parcel was marked when queued.
status_t message_pass(struct thread *from, struct thread *to, const struct object *port,
                      bool marked, struct passed *passed);

// Fills the receiver's registers: words from `words`, the rest from what was passed.
void message_fill(struct thread *to, const struct registers *words, const struct passed *passed,
                  enum message_kind kind, uint64_t badge, uint64_t number);

// Hands an event, which is in no list, to a thread. Under the lock of the event's port.
void event_receive(struct event *event, struct thread *receiver);

// Hands `caller`'s request (its registers hold the message) to a thread: checks what the receiver
// accepts, then moves parcel and handles and fills the receiver's registers and hand. On an error
// nothing has changed. Follow by receive_publish when the caller's thread has left its hart.
status_t receive_request_locked(struct port *port, struct thread *caller, struct thread *receiver)
    REQUIRES(port->lock);

// The call in the receiver's hand becomes TAKEN. From now on its caller can be ended by any hart.
static inline void receive_publish(struct thread *receiver) {
    const struct hand *hand = &receiver->hand;
    hand->caller->call.server = receiver;
    __c11_atomic_store(&hand->caller->call.word, hand->word, __ATOMIC_RELEASE);
}

// Hands out what waits: notifications, events, then requests and faults; a request that cannot be
// accepted is answered with the error, and its caller put in front of `refused`: threads_ready
// without the lock. False if there was nothing.
bool receive_next_locked(struct port *port, struct thread *receiver, struct thread **refused)
    REQUIRES(port->lock);

// A caller goes to the end of the queue, behind those of its process.
void queue_append_locked(struct port *port, struct thread *caller) REQUIRES(port->lock);

// It leaves the queue unanswered, wherever it stands: its parcel is the sender's own again. IDLE.
void queue_leave_locked(struct port *port, struct thread *caller) REQUIRES(port->lock);
