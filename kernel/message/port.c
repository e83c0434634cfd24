#include "message/port.h"

#include "hart/process.h"
#include "message/receive.h"

status_t port_create(struct process *owner, uint32_t protocol, struct port **port) {
    status_t status = object_create(owner, OBJECT_PORT, sizeof(**port), port);
    if (status == OK)
        (*port)->protocol = protocol;
    return status;
}

// --- events --------------------------------------------------------------------------------------

static struct event_list *list_of(struct port *port, const struct event *event) {
    return event->kind == KIND_NOTIFICATION ? &port->notifications : &port->events;
}

static void event_append_locked(struct port *port, struct event *event) REQUIRES(port->lock) {
    struct event_list *list = list_of(port, event);
    event->next = nullptr;
    event->queued = true;
    port->pending++;
    if (list->first == nullptr)
        list->first = event;
    else
        list->last->next = event;
    list->last = event;
}

static bool event_remove_locked(struct port *port, struct event *event) REQUIRES(port->lock) {
    struct event_list *list = list_of(port, event);
    struct event *previous = nullptr;
    for (struct event *e = list->first; e != nullptr; previous = e, e = e->next) {
        if (e != event)
            continue;
        if (previous == nullptr)
            list->first = e->next;
        else
            previous->next = e->next;
        if (list->last == e)
            list->last = previous;
        e->queued = false;
        port->pending--;
        return true;
    }
    return false;
}

// Lets a thread that waits at the port take what has just come.
static void port_wake_locked(struct port *port) REQUIRES(port->lock) {
    struct thread *thread = port->waiting;
    if (thread == nullptr)
        return;
    port->waiting = thread->next;
    thread->port = nullptr;
    (void)receive_event_locked(port, thread);
    timer_cancel(&thread->timer);
    thread_ready(thread);
}

void port_post(struct port *port, struct event *event) {
    spinlock_acquire(&port->lock);
    bool closed = port->closed;
    if (!closed && !event->queued) {
        event_append_locked(port, event);
        port_wake_locked(port);
    }
    spinlock_release(&port->lock);
    if (closed)
        watch_free((struct watch *)event);
}

void port_withdraw(struct port *port, struct event *event) {
    spinlock_acquire(&port->lock);
    (void)event_remove_locked(port, event);
    spinlock_release(&port->lock);
}

// --- closing -------------------------------------------------------------------------------------

// The next thread that waits at a closed port, for an answer or for a request.
static struct thread *port_take_any(struct port *port) {
    spinlock_acquire(&port->lock);
    struct thread *thread = port->first;
    if (thread != nullptr) {
        port->first = thread->next;
        port->pending--;
        queued_call_end(thread);
    } else if ((thread = port->waiting) != nullptr) {
        port->waiting = thread->next;
    }
    if (thread != nullptr)
        thread->port = nullptr;
    spinlock_release(&port->lock);
    return thread;
}

static struct event *port_take_death(struct port *port) {
    spinlock_acquire(&port->lock);
    struct event *event = port->events.first;
    if (event != nullptr)
        (void)event_remove_locked(port, event);
    spinlock_release(&port->lock);
    return event;
}

void port_close(struct port *port) {
    struct event *event;
    while ((event = port_take_death(port)) != nullptr)
        watch_free((struct watch *)event);
    if (port->boot)
        return;
    spinlock_acquire(&port->lock);
    port->closed = true;
    spinlock_release(&port->lock);
    struct thread *thread;
    while ((thread = port_take_any(port)) != nullptr) {
        timer_cancel(&thread->timer);
        thread_result(thread, (uint16_t)ERR_PORT_CLOSED);
        thread_ready(thread);
    }
}

// --- notifications -------------------------------------------------------------------------------

struct notification_timer {
    struct timer timer;
    struct notification *notification;
    uint64_t bits;
};

status_t notification_create(struct process *owner, struct port *port, uint64_t badge,
                             struct notification **notification) {
    status_t status =
        object_create(owner, OBJECT_NOTIFICATION, sizeof(**notification), notification);
    if (status != OK)
        return status;
    (*notification)->event =
        (struct event){.port = port, .kind = KIND_NOTIFICATION, .badge = badge};
    object_reference(&port->object);
    return OK;
}

void notification_signal(struct notification *notification, uint64_t bits) {
    struct port *port = notification->event.port;
    spinlock_acquire(&port->lock);
    notification->event.word[0] |= bits;
    if (bits != 0 && !notification->event.queued) {
        event_append_locked(port, &notification->event);
        port_wake_locked(port);
    }
    spinlock_release(&port->lock);
}

static void notification_expired(struct timer *timer) {
    struct notification_timer *self = (struct notification_timer *)timer;
    notification_signal(self->notification, self->bits);
}

status_t notification_timer_set(struct notification *notification, uint64_t bits,
                                ticks_t deadline) {
    struct notification_timer *timer = notification->timer;
    if (timer == nullptr) {
        status_t status = heap_allocate(&notification->object.owner->heap, sizeof(*timer),
                                        (void **)&notification->timer);
        if (status != OK)
            return status;
        timer = notification->timer;
        timer->notification = notification;
        timer->timer.expired = notification_expired;
    }
    timer_cancel(&timer->timer);
    timer->bits = bits;
    if (deadline != 0)
        timer_arm(&timer->timer, deadline);
    return OK;
}

void notification_timer_free(struct notification *notification) {
    if (notification->timer == nullptr)
        return;
    timer_cancel(&notification->timer->timer);
    heap_free(notification->timer);
}
