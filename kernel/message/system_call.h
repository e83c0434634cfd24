// The system calls: a prototype for each row of SYSTEM_CALL_TABLE,
//   status_t system_NAME(struct thread *thread, arguments..., uint64_t *result, uint64_t *result2)
// with as many results as the row says. The first argument is the object that the row speaks of;
// others are as the program sent them, cut to their types.
// Each is implemented next to what it works on: system_memory.c, system_process.c, system_object.c,
// system_device.c, system_machine.c.
#pragma once

#include <abi/arguments.h>
#include <abi/system_calls.h>

#include "hart/module.h"
#include "interrupt/io_range.h"
#include "interrupt/line.h"
#include "message/begin.h"

// The first argument's type, by what object the row says it is; in brackets its type for programs.
#define CALL_FIRST_NONE(type) type
#define CALL_FIRST_CALL(type) struct begun *
#define CALL_FIRST_IO(type) const struct io_range *
#define CALL_FIRST_IRQ(type) struct line *
#define CALL_FIRST_MODULE(type) const struct module *
#define CALL_FIRST_NOTIFICATION(type) struct notification *
#define CALL_FIRST_PORT(type) struct port *
#define CALL_FIRST_PROCESS(type) struct process *
#define CALL_FIRST_SYSTEM(type) const struct object *

#define CALL_PARAMETERS_0(...)
#define CALL_PARAMETERS_1(first, t1, n1) , first(t1) n1
#define CALL_PARAMETERS_2(first, t1, n1, t2, n2) , first(t1) n1, t2 n2
#define CALL_PARAMETERS_3(first, t1, n1, t2, n2, t3, n3) , first(t1) n1, t2 n2, t3 n3
#define CALL_PARAMETERS_4(first, t1, n1, t2, n2, t3, n3, t4, n4) , first(t1) n1, t2 n2, t3 n3, t4 n4
#define CALL_RESULTS_0
#define CALL_RESULTS_1 , uint64_t *result
#define CALL_RESULTS_2 , uint64_t *result, uint64_t *result2

#define CALL_PROTOTYPE(number, name, results, object, right, arguments)                            \
    status_t system_##name(                                                                        \
        struct thread *thread ARGUMENTS_APPLY_TO(CALL_PARAMETERS_, CALL_FIRST_##object, arguments) \
            CALL_RESULTS_##results);
SYSTEM_CALL_TABLE(CALL_PROTOTYPE)
#undef CALL_PROTOTYPE

// Messages: the thread's registers hold the message (include/abi/message.h). Each leaves the thread
// with its result, or waiting.
#define MESSAGE_PROTOTYPE(number, name) void message_##name(struct thread *thread);
MESSAGE_CALL_TABLE(MESSAGE_PROTOTYPE)
#undef MESSAGE_PROTOTYPE

// From entry.S: the thread's registers are stored; dispatches, then sees to what runs next.
void system_call_arrive(struct thread *thread);

// The object behind one of the thread's handles, or nullptr and the error. HANDLE_NONE is the
// thread's own process. ERR_ENDED for RIGHT_CONTROL of a process that is ending: its memory goes as
// soon as every hart has left the system calls that saw it alive.
static inline void *object_look_up(struct thread *thread, handle_t handle, enum object_type type,
                                   rights_t rights, status_t *status) {
    if (type == OBJECT_PROCESS && handle == HANDLE_NONE) {
        *status = OK;
        return thread->process;
    }
    struct handle_entry *entry = handle_look_up(thread->process, handle, type, rights, status);
    void *object = entry != nullptr ? entry->object : nullptr;
    if (type == OBJECT_PROCESS && object != nullptr && (rights & RIGHT_CONTROL) &&
        ((struct process *)object)->state >= PROCESS_ENDING) {
        *status = ERR_ENDED;
        return nullptr;
    }
    return object;
}

// Gives the thread's process a handle to an object. ERR_NO_HANDLE, ERR_NO_MEMORY.
static inline status_t object_install(struct thread *thread, struct object *object,
                                      rights_t rights, uint32_t badge, uint64_t *result) {
    handle_t handle = HANDLE_NONE;
    status_t status = handle_install(thread->process, object, rights, badge, &handle);
    *result = handle;
    return status;
}

// The same for the creator of an object; drops the creation's own reference.
static inline status_t object_hand_out(struct thread *thread, struct object *object,
                                       rights_t rights, uint64_t *result) {
    status_t status = object_install(thread, object, rights, 0, result);
    object_release(object);
    return status;
}
