// System calls on time, interrupt lines and I/O ports.
#include "interrupt/io_range.h"
#include "interrupt/line.h"
#include "message/system_call.h"

status_t system_timer_set(struct thread *thread, handle_t notification, uint64_t bits,
                          ticks_t deadline) {
    status_t status;
    struct notification *object =
        object_look_up(thread, notification, OBJECT_NOTIFICATION, RIGHT_BIND, &status);
    if (object != nullptr)
        notification_timer_set(object, bits, deadline);
    return status;
}

static constexpr rights_t DEVICE_RIGHTS = RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_OPEN;

status_t system_irq_create(struct thread *thread, handle_t irqs, uint32_t line, uint32_t flags,
                           uint64_t *result) {
    status_t status;
    if (object_look_up(thread, irqs, OBJECT_IRQ, RIGHT_DERIVE, &status) == nullptr)
        return status;
    if (flags & ~(IRQ_LEVEL | IRQ_LOW))
        return ERR_BAD_ARGUMENT;
    struct line *created;
    status = line_create(thread->process, line, flags, &created);
    if (status != OK)
        return status;
    return object_hand_out(thread, &created->object, DEVICE_RIGHTS, result);
}

status_t system_irq_bind(struct thread *thread, handle_t irq, handle_t notification,
                         uint64_t bits) {
    status_t status;
    struct line *line = object_look_up(thread, irq, OBJECT_IRQ, RIGHT_OPEN, &status);
    if (line == nullptr)
        return status;
    struct notification *object =
        object_look_up(thread, notification, OBJECT_NOTIFICATION, RIGHT_BIND, &status);
    return object != nullptr ? line_bind(line, object, bits) : status;
}

static status_t set_mask(struct thread *thread, handle_t irq, bool masked) {
    status_t status;
    struct line *line = object_look_up(thread, irq, OBJECT_IRQ, RIGHT_OPEN, &status);
    return line != nullptr ? line_mask(line, masked) : status;
}

status_t system_irq_acknowledge(struct thread *thread, handle_t irq) {
    return set_mask(thread, irq, false);
}

status_t system_irq_mask(struct thread *thread, handle_t irq) {
    return set_mask(thread, irq, true);
}

status_t system_io_create(struct thread *thread, handle_t io, uint32_t first, uint32_t count,
                          uint64_t *result) {
    status_t status;
    const struct io_range *whole = object_look_up(thread, io, OBJECT_IO, RIGHT_DERIVE, &status);
    if (whole == nullptr)
        return status;
    if (count == 0 || first > whole->count || count > whole->count - first)
        return ERR_BAD_ARGUMENT;
    struct io_range *range;
    status = object_create(thread->process, OBJECT_IO, sizeof(*range), &range);
    if (status != OK)
        return status;
    range->first = whole->first + first;
    range->count = count;
    io_range_opened(range);
    return object_hand_out(thread, &range->object, DEVICE_RIGHTS, result);
}

static status_t io_locate(struct thread *thread, handle_t io, uint32_t offset, uint32_t width,
                          uint16_t *port) {
    status_t status;
    const struct io_range *range = object_look_up(thread, io, OBJECT_IO, RIGHT_OPEN, &status);
    if (range == nullptr)
        return status;
    if ((width != 1 && width != 2 && width != 4) || offset >= range->count ||
        width > range->count - offset)
        return ERR_BAD_ARGUMENT;
    *port = (uint16_t)(range->first + offset);
    return OK;
}

status_t system_io_read(struct thread *thread, handle_t io, uint32_t offset, uint32_t width,
                        uint64_t *result) {
    uint16_t port;
    status_t status = io_locate(thread, io, offset, width, &port);
    if (status == OK)
        *result = hal_io_read(port, width);
    return status;
}

status_t system_io_write(struct thread *thread, handle_t io, uint32_t offset, uint32_t width,
                         uint32_t value) {
    uint16_t port;
    status_t status = io_locate(thread, io, offset, width, &port);
    if (status == OK)
        hal_io_write(port, width, value);
    return status;
}
