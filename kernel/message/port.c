#include "message/port.h"

#include "hart/process.h"
#include "message/begin.h"
#include "message/receive.h"
#include "message/touch.h"

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
    struct event **end = list->first != nullptr ? list->end : &list->first;
    event->next = nullptr;
    event->queued = true;
    port->pending++;
    *end = event;
    list->end = &event->next;
}

// Takes an event off its list, if it is there.
static void event_remove_locked(struct port *port, struct event *event) REQUIRES(port->lock) {
    struct event_list *list = list_of(port, event);
    struct event **link = &list->first;
    if (!event->queued)
        return;
    while (*link != event)
        link = &(*link)->next;
    *link = event->next;
    if (list->end == &event->next)
        list->end = link;
    event->queued = false;
    port->pending--;
}

// To a thread that waits at the port, or to the end of its list.
static void event_post_locked(struct port *port, struct event *event) REQUIRES(port->lock) {
    struct thread *thread = port->waiting;
    if (thread == nullptr)
        return event_append_locked(port, event);
    port->waiting = thread->next;
    thread->port = nullptr;
    event_receive(event, thread);
    if (thread->slow.timed)
        timer_cancel(&thread->timer);
    thread_ready(thread);
}

static void event_drop(struct event *event) {
    if (event->kind == KIND_COMPLETION)
        begun_drop(event);
    else
        watch_free((struct watch *)event);
}

void port_post(struct port *port, struct event *event) {
    spinlock_acquire(&port->lock);
    bool closed = port->closed;
    if (!closed && !event->queued)
        event_post_locked(port, event);
    spinlock_release(&port->lock);
    if (closed)
        event_drop(event);
}

// --- closing -------------------------------------------------------------------------------------

// The next thread that waits at a closed port, for an answer or for a request.
static struct thread *port_take_any(struct port *port) {
    spinlock_acquire(&port->lock);
    struct thread *thread = port->queue.first;
    if (thread != nullptr) {
        queue_leave_locked(port, thread);
    } else if ((thread = port->waiting) != nullptr) {
        port->waiting = thread->next;
        thread->port = nullptr;
    }
    spinlock_release(&port->lock);
    return thread;
}

static struct event *port_take_event(struct port *port) {
    spinlock_acquire(&port->lock);
    struct event *event = port->events.first;
    if (event != nullptr)
        event_remove_locked(port, event);
    spinlock_release(&port->lock);
    return event;
}

void port_close(struct port *port) {
    struct event *event;
    spinlock_acquire(&port->lock);
    port->closed = !port->boot;    // nothing is posted any more
    port->pending += port->closed; // whoever is about to wait here looks at that first
    port->receiver = nullptr;
    port->revoked_count = 0;
    spinlock_release(&port->lock);
    while ((event = port_take_event(port)) != nullptr)
        event_drop(event);
    if (port->boot)
        return;
    struct thread *thread;
    while ((thread = port_take_any(port)) != nullptr) {
        timer_cancel(&thread->timer);
        if (thread->slow.touches)
            touch_end(thread, ERR_PORT_CLOSED);
        else
            thread_result(thread, (uint16_t)ERR_PORT_CLOSED);
        thread_ready(thread);
    }
}

// --- notifications -------------------------------------------------------------------------------

static void notification_expired(struct timer *timer) {
    struct notification *notification = CONTAINER_OF(timer, struct notification, timer);
    notification_signal(notification, notification->timer_bits);
}

void notification_initialize(struct notification *notification, struct port *port, uint64_t badge) {
    notification->event = (struct event){.port = port, .kind = KIND_NOTIFICATION, .badge = badge};
    notification->timer.expired = notification_expired;
}

void notification_signal(struct notification *notification, uint64_t bits) {
    struct port *port = notification->event.port;
    spinlock_acquire(&port->lock);
    notification->event.word[0] |= bits;
    if (bits != 0 && !notification->event.queued && !notification->closed)
        event_post_locked(port, &notification->event);
    spinlock_release(&port->lock);
}

void notification_timer_set(struct notification *notification, uint64_t bits, ticks_t deadline) {
    struct port *port = notification->event.port;
    spinlock_acquire(&port->lock);
    timer_cancel(&notification->timer);
    notification->timer_bits = bits;
    if (deadline != 0 && !notification->closed)
        timer_arm(&notification->timer, deadline);
    spinlock_release(&port->lock);
}

void notification_close(struct notification *notification) {
    struct port *port = notification->event.port;
    spinlock_acquire(&port->lock);
    notification->closed = true;
    timer_cancel(&notification->timer);
    event_remove_locked(port, &notification->event);
    spinlock_release(&port->lock);
    object_release(&port->object);
}
