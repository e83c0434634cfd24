#include "message/system_call.h"

#define CALL_VALUES_0(...)
#define CALL_VALUES_1(first, t1, n1) , (first(t1))meant
#define CALL_VALUES_2(first, t1, n1, t2, n2) , (first(t1))meant, (t2)r->rsi
#define CALL_VALUES_3(first, t1, n1, t2, n2, t3, n3) , (first(t1))meant, (t2)r->rsi, (t3)r->rdx
#define CALL_VALUES_4(first, t1, n1, t2, n2, t3, n3, t4, n4)                                       \
    , (first(t1))meant, (t2)r->rsi, (t3)r->rdx, (t4)r->r8
#define CALL_POINTERS_0
#define CALL_POINTERS_1 , &result
#define CALL_POINTERS_2 , &result, &result2

// What a call's first argument means: itself, or the object behind the handle that it is.
static inline status_t first_meant(struct thread *thread, enum object_type type, rights_t rights,
                                   uint64_t *meant) {
    status_t status = OK;
    if (type != OBJECT_NONE)
        *meant = (uint64_t)object_look_up(thread, (handle_t)*meant, type, rights, &status);
    return status;
}

// One wrapper per call: registers to arguments, results to registers. A thread that is not running
// any more (it yielded, or ended) finds its results when it runs on.
#define CALL_WRAPPER(number, name, results, object, right, arguments)                              \
    static void wrapper_##name(struct thread *thread) {                                            \
        struct registers *r = &thread->registers;                                                  \
        uint64_t result = 0, result2 = 0, meant = r->rdi;                                          \
        status_t status = first_meant(thread, OBJECT_##object, right, &meant);                     \
        if (status == OK)                                                                          \
            status = system_##name(                                                                \
                thread ARGUMENTS_APPLY_TO(CALL_VALUES_, CALL_FIRST_##object, arguments)            \
                    CALL_POINTERS_##results);                                                      \
        r->rax = (uint16_t)status;                                                                 \
        r->rdi = status == OK ? result : 0;                                                        \
        r->rsi = status == OK ? result2 : 0;                                                       \
        r->rdx = r->r8 = r->r9 = r->r10 = 0;                                                       \
    }
SYSTEM_CALL_TABLE(CALL_WRAPPER)

typedef void system_call_handler(struct thread *thread);

#define CALL_ROW(number, name, ...) [number] = wrapper_##name,
#define MESSAGE_ROW(number, name) [number] = message_##name,
static system_call_handler *const handlers[SYSTEM_CALL_LIMIT] = {
    MESSAGE_CALL_TABLE(MESSAGE_ROW) SYSTEM_CALL_TABLE(CALL_ROW)};

static void call_unknown(struct thread *thread) {
    struct registers *r = &thread->registers;
    r->rax = (uint16_t)ERR_BAD_CALL;
    r->rdi = r->rsi = r->rdx = r->r8 = r->r9 = r->r10 = 0;
}

void system_call_arrive(struct thread *thread) {
    uint64_t number = (uint32_t)thread->registers.rax;
    system_call_handler *handler = number < SYSTEM_CALL_LIMIT ? handlers[number] : nullptr;
    (void)hal_token_spend();
    if (handler != nullptr)
        handler(thread);
    else
        call_unknown(thread);
    hart_exit();
}
