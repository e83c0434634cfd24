// System calls on ports, notifications and handles.
#include "message/system_call.h"

status_t system_null(struct thread *) {
    return OK;
}

status_t system_port_create(struct thread *thread, uint32_t protocol, uint64_t *result) {
    struct port *port;
    status_t status = port_create(thread->process, protocol, &port);
    if (status != OK)
        return status;
    return object_hand_out(thread, &port->object, RIGHT_TRANSFER | RIGHT_RECEIVE, result);
}

status_t system_port_derive(struct thread *thread, struct port *port, uint32_t badge,
                            rights_t rights, uint64_t *result) {
    static constexpr rights_t ALLOWED = RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_CALL;
    return object_install(thread, &port->object, rights & ALLOWED, badge, result);
}

// A new notification or call object, with a port of the thread's own.
static status_t source_create(struct thread *thread, struct port *port, uint64_t badge,
                              enum object_type type, uint64_t *result) {
    bool call = type == OBJECT_CALL;
    size_t size = call ? sizeof(struct begun) : sizeof(struct notification);
    struct object *object;
    if (!object_try_reference(&port->object))
        return ERR_BAD_HANDLE;
    status_t status = object_create(thread->process, type, size, &object);
    if (status != OK) {
        object_release(&port->object);
        return status;
    }
    if (call)
        begun_initialize((struct begun *)object, port, badge);
    else
        notification_initialize((struct notification *)object, port, badge);
    rights_t shared = RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_SIGNAL | RIGHT_BIND;
    return object_hand_out(thread, object, call ? RIGHT_BEGIN : shared, result);
}

status_t system_notification_create(struct thread *thread, struct port *port, uint64_t badge,
                                    uint64_t *result) {
    return source_create(thread, port, badge, OBJECT_NOTIFICATION, result);
}

status_t system_call_create(struct thread *thread, struct port *port, uint64_t badge,
                            uint64_t *result) {
    return source_create(thread, port, badge, OBJECT_CALL, result);
}

void message_signal(struct thread *thread) {
    status_t status;
    struct handle_entry *entry =
        handle_look_up(thread->process, (handle_t)thread->registers.rdi, OBJECT_NOTIFICATION,
                       RIGHT_SIGNAL, &status);
    uint64_t bits = thread->registers.rsi;
    thread_result(thread, (uint16_t)status);
    if (entry != nullptr)
        notification_signal((struct notification *)entry->object, bits);
}

status_t system_handle_close(struct thread *thread, handle_t handle) {
    return handle_close(thread->process, handle);
}

status_t system_handle_query(struct thread *thread, handle_t handle, uint64_t *result,
                             uint64_t *result2) {
    const struct handle_entry *entry = handle_entry(thread->process, handle);
    if (entry == nullptr)
        return ERR_BAD_HANDLE;
    *result = entry->type | (uint64_t)entry->rights << 8;
    *result2 = object_detail(entry->object);
    return OK;
}

status_t system_accept(struct thread *thread, uint64_t charge, uint32_t handles, uint32_t flags) {
    if (handles > MESSAGE_HANDLES || (flags & ~(ACCEPT_HOLES | ACCEPT_EXECUTABLE)))
        return ERR_BAD_ARGUMENT;
    thread->acceptance =
        (struct acceptance){.charge = charge, .handles = handles, .flags = flags};
    return OK;
}
