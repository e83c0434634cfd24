// Faults that a process's pager answers: the thread's call is such a message while `slow.touches`
// is set. It lives as any call does, from QUEUED to IDLE, but what it sends stands in `touch`, and
// its registers are those of the interrupted program, which come back untouched.
#pragma once

#include "hart/thread.h"

// Sends the current thread's fault, `touch`, to its process's pager. One that waits runs at once.
// False if there is none, or it has closed its port.
bool touch_send(struct thread *thread);

// Into the receiver's registers and hand, like receive_request_locked. OK.
status_t touch_take(const struct thread *thread, struct thread *receiver);

// Takes the answer in the pager's registers for a fault, in REPLYING. Errors: KIND_FAULT in
// include/abi/message.h; then nothing has changed.
status_t touch_answer(struct thread *pager, struct thread *thread);

// An answer by reply_receive that lets the thread run on at once, while the pager waits: does not
// return then. It spends one more token, for the touch. It returns where something is unusual; then
// nothing has changed.
void touch_return(struct thread *pager);

// The fault, whose call is IDLE, has this answer: what is not OK ends the process. No lock is held.
// Make the thread ready then: it touches again, or finds that its process ends.
void touch_end(struct thread *thread, status_t status);
