#include "interrupt/line.h"

// By vector. The lock covers the table and what its lines signal.
static struct spinlock lock;
static struct line *lines[256];

// Takes a line that nobody has, and the first vector that is free.
static status_t claim_locked(struct line *line, uint32_t number, uint32_t flags) REQUIRES(lock) {
    unsigned vector = 0;
    if (!hal_irq_find(&number))
        return ERR_BAD_ARGUMENT;
    for (unsigned v = VECTOR_LINES_END - 1; v >= VECTOR_LINES; v--) {
        if (lines[v] == nullptr)
            vector = v;
        else if (lines[v]->number == number)
            return ERR_BUSY;
    }
    if (vector == 0)
        return ERR_BUSY;
    line->number = number;
    line->vector = (uint8_t)vector;
    lines[vector] = line;
    hal_irq_configure(number, flags, line->vector);
    return OK;
}

status_t line_create(struct process *owner, uint32_t number, uint32_t flags, struct line **line) {
    status_t status = object_create(owner, OBJECT_IRQ, sizeof(**line), line);
    if (status != OK)
        return status;
    spinlock_acquire(&lock);
    status = claim_locked(*line, number, flags);
    spinlock_release(&lock);
    if (status != OK)
        object_release(&(*line)->object);
    return status;
}

// It may have been closed since it was looked up; its number may be another's by now.
static bool is_open_locked(const struct line *line) { return lines[line->vector] == line; }

status_t line_bind(struct line *line, struct notification *notification, uint64_t bits) {
    if (!object_try_reference(&notification->object))
        return ERR_BAD_HANDLE;
    spinlock_acquire(&lock);
    bool open = is_open_locked(line);
    struct notification *unused = open ? line->notification : notification;
    if (open) {
        line->notification = notification;
        line->bits = bits;
        hal_irq_mask(line->number, false);
    }
    spinlock_release(&lock);
    if (unused != nullptr)
        object_release(&unused->object);
    return open ? OK : ERR_BAD_HANDLE;
}

status_t line_mask(struct line *line, bool masked) {
    spinlock_acquire(&lock);
    bool open = is_open_locked(line);
    if (open && (masked || line->notification != nullptr))
        hal_irq_mask(line->number, masked);
    spinlock_release(&lock);
    return open ? OK : ERR_BAD_HANDLE;
}

void line_close(struct line *line) {
    if (line->vector == 0)
        return;
    spinlock_acquire(&lock);
    hal_irq_mask(line->number, true);
    lines[line->vector] = nullptr;
    spinlock_release(&lock);
    if (line->notification != nullptr)
        object_release(&line->notification->object);
}

bool line_arrive(uint64_t vector) {
    spinlock_acquire(&lock);
    struct line *line = lines[vector];
    struct notification *notification = line != nullptr ? line->notification : nullptr;
    uint64_t bits = line != nullptr ? line->bits : 0;
    if (notification != nullptr) {
        hal_irq_mask(line->number, true);
        object_reference(&notification->object);
    }
    spinlock_release(&lock);
    if (notification == nullptr)
        return false;
    notification_signal(notification, bits);
    object_release(&notification->object);
    return true;
}
