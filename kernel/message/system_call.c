#include "message/system_call.h"

#include "message/message.h"

#define CALL_VALUES_0(...)
#define CALL_VALUES_1(t1, n1) , (t1)r->rdi
#define CALL_VALUES_2(t1, n1, t2, n2) , (t1)r->rdi, (t2)r->rsi
#define CALL_VALUES_3(t1, n1, t2, n2, t3, n3) , (t1)r->rdi, (t2)r->rsi, (t3)r->rdx
#define CALL_VALUES_4(t1, n1, t2, n2, t3, n3, t4, n4)                                              \
    , (t1)r->rdi, (t2)r->rsi, (t3)r->rdx, (t4)r->r8
#define CALL_POINTERS_0
#define CALL_POINTERS_1 , &result
#define CALL_POINTERS_2 , &result, &result2

// One wrapper per call: registers to arguments, results to registers. A thread that is not running
// any more (it yielded, or ended) finds its results when it runs on.
#define CALL_WRAPPER(number, name, results, arguments)                                             \
    static void wrapper_##name(struct thread *thread) {                                            \
        struct registers *r = &thread->registers;                                                  \
        uint64_t result = 0, result2 = 0;                                                          \
        status_t status =                                                                          \
            system_##name(thread ARGUMENTS_APPLY(CALL_VALUES_, arguments) CALL_POINTERS_##results); \
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
