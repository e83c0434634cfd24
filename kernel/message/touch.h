// Faults that a process's pager answers: the thread's call is such a message while `slow.touches` is
// set. It lives as any call does, from QUEUED to IDLE, but what it sends stands in `touch`, among the
// port's events, and its registers are those of the interrupted program, which come back untouched.
#pragma once

#include "hart/thread.h"

static inline struct thread *touch_thread(struct event *event) {
    return (struct thread *)((uint8_t *)event - offsetof(struct thread, touch));
}

// Sends the current thread's fault to its process's pager; `what` are TOUCH_ bits, `error` is the
// processor's. A pager that waits runs at once. False if there is none, or it has closed its port.
bool touch_send(struct thread *thread, uaddr_t address, uint64_t what, uint64_t cookie,
                uint64_t error);

// A fault that has left the port's events: into the receiver's hand, TAKEN; or IDLE, for touch_fail or
// the thread's end.
void touch_take_locked(struct port *port, struct event *event, struct thread *receiver)
    REQUIRES(port->lock);
void touch_unqueue_locked(struct port *port, struct event *event) REQUIRES(port->lock);

// Takes the answer in the pager's registers for a fault, in REPLYING. Errors: KIND_FAULT in
// include/abi/message.h; then nothing has changed.
status_t touch_answer(struct thread *pager, struct thread *thread);

// Commits it: the call, whose word this was when it was taken, is IDLE.
void touch_answered(struct thread *pager, struct thread *thread, uint64_t word);

// Nobody resolves the fault, whose call is IDLE: ends the process. No lock is held. Make the thread
// ready then: it finds that its process ends.
void touch_fail(struct thread *thread);
