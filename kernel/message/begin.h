// Begun calls: what lets a thread send without waiting, created and paid for beforehand.
//
// A begun call stands in for the thread that waits: to queues, hands, deadlines and deaths it is a
// caller like any other, only that it never runs. Instead of running on it arrives at a port of its
// process as a completion: one for each begin, whatever happens. Its registers hold the request
// until that is taken, then the reply until that is received; the reply's parcel and handles land
// in the process when the server answers. It can be closed when nothing is in flight.
#pragma once

#include "hart/thread.h"
#include "message/port.h"

struct begun {
    struct thread caller; // first: its object is the call object
    struct event event;   // the completion; holds a reference to its port
    _Atomic bool busy;    // from begin, under the handle table's lock, until its completion
};

// A new call object, for completions at `port`: takes over a reference to that.
void begun_initialize(struct begun *begun, struct port *port, uint64_t badge);

// Ends what is in flight, which completes with ERR_CANCELLED; false if nothing is.
bool begun_cancel(struct begun *begun);

// The wait of a begun call has ended, in whatever way. No lock is held.
void begun_complete(struct thread *caller);

// Fills a receiver's registers with the completion. Under the lock of the port.
void begun_deliver(struct event *event, struct thread *receiver);

// A completion that nobody will receive, its port being closed. What a reply brought stays.
void begun_drop(struct event *event);
