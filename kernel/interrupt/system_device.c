// System calls on time, interrupt lines and I/O ports.
#include "message/system_call.h"

status_t system_timer_set(struct thread *, struct notification *notification, uint64_t bits,
                          ticks_t deadline) {
    notification_timer_set(notification, bits, deadline);
    return OK;
}

static constexpr rights_t DEVICE_RIGHTS = RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_OPEN;

status_t system_irq_create(struct thread *thread, struct line *, uint32_t line, uint32_t flags,
                           uint64_t *result) {
    if (flags & ~(IRQ_LEVEL | IRQ_LOW))
        return ERR_BAD_ARGUMENT;
    struct line *created;
    status_t status = line_create(thread->process, line, flags, &created);
    return status == OK ? object_hand_out(thread, &created->object, DEVICE_RIGHTS, result) : status;
}

status_t system_irq_bind(struct thread *thread, struct line *line, handle_t notification,
                         uint64_t bits) {
    status_t status;
    struct notification *object =
        object_look_up(thread, notification, OBJECT_NOTIFICATION, RIGHT_BIND, &status);
    return object != nullptr ? line_bind(line, object, bits) : status;
}

status_t system_irq_acknowledge(struct thread *, struct line *line) {
    return line_mask(line, false);
}

status_t system_irq_mask(struct thread *, struct line *line) {
    return line_mask(line, true);
}

status_t system_io_create(struct thread *thread, const struct io_range *whole, uint32_t first,
                          uint32_t count, uint64_t *result) {
    if (count == 0 || first > whole->count || count > whole->count - first)
        return ERR_BAD_ARGUMENT;
    struct io_range *range;
    status_t status = object_create(thread->process, OBJECT_IO, sizeof(*range), &range);
    if (status != OK)
        return status;
    range->first = whole->first + first;
    range->count = count;
    io_range_opened(range);
    return object_hand_out(thread, &range->object, DEVICE_RIGHTS, result);
}

static bool io_within(const struct io_range *range, uint32_t offset, uint32_t width) {
    return (width == 1 || width == 2 || width == 4) && offset < range->count &&
           width <= range->count - offset;
}

status_t system_io_read(struct thread *, const struct io_range *range, uint32_t offset,
                        uint32_t width, uint64_t *result) {
    if (!io_within(range, offset, width))
        return ERR_BAD_ARGUMENT;
    *result = hal_io_read((uint16_t)(range->first + offset), width);
    return OK;
}

status_t system_io_write(struct thread *, const struct io_range *range, uint32_t offset,
                         uint32_t width, uint32_t value) {
    if (!io_within(range, offset, width))
        return ERR_BAD_ARGUMENT;
    hal_io_write((uint16_t)(range->first + offset), width, value);
    return OK;
}
