#include "interrupt/line.h"

#include "debug/trace.h"

// By vector. The lock covers the table and what its lines signal.
static struct spinlock lock;
static struct line *lines[256];

static status_t number_claim(uint32_t number, uint32_t flags, struct line *line) {
    for (unsigned v = 0; v < 256; v++)
        if (lines[v] != nullptr && lines[v]->number == number)
            return ERR_BUSY;
    status_t status = hal_irq_configure(number, flags, &line->vector);
    if (status == OK)
        lines[line->vector] = line;
    return status;
}

status_t line_create(struct process *owner, uint32_t number, uint32_t flags, struct line **line) {
    status_t status = object_create(owner, OBJECT_IRQ, sizeof(**line), line);
    if (status != OK)
        return status;
    (*line)->number = LINES_ALL; // until it is claimed, line_close has nothing to do
    spinlock_acquire(&lock);
    status = number_claim(number, flags, *line);
    if (status == OK)
        (*line)->number = number;
    spinlock_release(&lock);
    if (status != OK)
        object_release(&(*line)->object);
    return status;
}

void line_bind(struct line *line, struct notification *notification, uint64_t bits) {
    object_reference(&notification->object);
    spinlock_acquire(&lock);
    struct notification *old = line->notification;
    line->notification = notification;
    line->bits = bits;
    spinlock_release(&lock);
    if (old != nullptr)
        object_release(&old->object);
    hal_irq_unmask(line->number);
}

void line_acknowledge(struct line *line) {
    if (line->notification != nullptr)
        hal_irq_unmask(line->number);
}

void line_mask(struct line *line) { hal_irq_mask(line->number); }

void line_close(struct line *line) {
    if (line->number == LINES_ALL)
        return;
    spinlock_acquire(&lock);
    hal_irq_mask(line->number);
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
        hal_irq_mask(line->number);
        object_reference(&notification->object);
    }
    spinlock_release(&lock);
    if (notification == nullptr)
        return false;
    notification_signal(notification, bits);
    object_release(&notification->object);
    return true;
}
