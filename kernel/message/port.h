// Ports, and what waits at them.
//
// Under its lock a port has: threads that wait to receive (any of them will do: the last to come is
// the first to go, its memory is warm), or threads whose calls are queued (in order), or events.
// Never a waiting receiver together with a queued call or an event.
#pragma once

#include "hart/time.h"
#include "message/call.h"
#include "sync/spinlock.h"

struct thread;

// Something other than a request that a port hands out once: a notification's bits, a death, a
// completion.
struct event {
    struct event *next;
    struct port *port;
    uint8_t kind; // enum message_kind
    bool queued;
    uint64_t badge;
    uint64_t word[4];
};

struct event_list {
    struct event *first, **end; // the end counts unless the list is empty
};

struct port {
    struct object object;
    struct spinlock lock;
    uint32_t protocol;
    uint32_t pending;                    // queued calls and events
    struct process *receiver;            // has the receive right, or nullptr
    struct thread *waiting;              // to receive, linked by thread->next
    struct thread_list queue;            // with QUEUED calls: the first of each process
    struct event_list notifications, events;
    uint32_t revoked;       // handles with badges from this one on, so many, may not call: while
    uint64_t revoked_count; // port_revoke goes through the tables of all processes
    bool closed;
    bool boot;       // named at boot: stays open when its receiver ends
    char name[16];
};

struct notification {
    struct object object;
    struct event event; // word 0: the bits, under the port's lock; so is what follows
    bool closed;
    struct timer timer;
    uint64_t timer_bits;
};

status_t port_create(struct process *owner, uint32_t protocol, struct port **port);

// Nobody can receive any more: queued calls end with ERR_PORT_CLOSED. A boot port only loses its
// receiver.
void port_close(struct port *port);

// Hands a death or a completion to a waiting thread, or queues it; drops it if the port is closed.
void port_post(struct port *port, struct event *event);

// Takes over a reference to the port.
void notification_initialize(struct notification *notification, struct port *port, uint64_t badge);
void notification_signal(struct notification *notification, uint64_t bits);

// Signals bits at a deadline (0: not any more); replaces what was set before.
void notification_timer_set(struct notification *notification, uint64_t bits, ticks_t deadline);

// Nothing refers to it any more: it signals nothing from now on, and lets go of its port.
void notification_close(struct notification *notification);
