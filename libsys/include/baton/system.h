// One inline function for each row of SYSTEM_CALL_TABLE: `system_NAME(arguments, results)` returns
// the status; each result is a uint64_t out-parameter, written also after an error (with 0).
// Arguments, results and errors are described with the row in include/abi/system_calls.h.
#pragma once

#include <abi/arguments.h>
#include <abi/system_calls.h>
#include <baton/message.h>

struct system_results {
    uint64_t first, second;
};

static inline status_t system_call(unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                   struct system_results *results) {
    register uint64_t r8 __asm__("r8") = d;
    uint64_t rax = number, rdi = a, rsi = b, rdx = c;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8)
                     :
                     : "rcx", "r9", "r10", "r11", "memory", "cc", SYSTEM_CALL_VECTORS);
    *results = (struct system_results){rdi, rsi};
    return (status_t)(int16_t)rax;
}

#define SYSTEM_PARAMETERS_0(...)
#define SYSTEM_PARAMETERS_1(t1, n1) t1 n1
#define SYSTEM_PARAMETERS_2(t1, n1, t2, n2) t1 n1, t2 n2
#define SYSTEM_PARAMETERS_3(t1, n1, t2, n2, t3, n3) t1 n1, t2 n2, t3 n3
#define SYSTEM_PARAMETERS_4(t1, n1, t2, n2, t3, n3, t4, n4) t1 n1, t2 n2, t3 n3, t4 n4
#define SYSTEM_VALUES_0(...) 0, 0, 0, 0
#define SYSTEM_VALUES_1(t1, n1) n1, 0, 0, 0
#define SYSTEM_VALUES_2(t1, n1, t2, n2) n1, n2, 0, 0
#define SYSTEM_VALUES_3(t1, n1, t2, n2, t3, n3) n1, n2, n3, 0
#define SYSTEM_VALUES_4(t1, n1, t2, n2, t3, n3, t4, n4) n1, n2, n3, n4

#define SYSTEM_RESULTS_0(arity)
#define SYSTEM_RESULTS_1(arity) SYSTEM_COMMA_##arity uint64_t *result
#define SYSTEM_RESULTS_2(arity) SYSTEM_COMMA_##arity uint64_t *result, uint64_t *result2
#define SYSTEM_COMMA_0
#define SYSTEM_COMMA_1 ,
#define SYSTEM_COMMA_2 ,
#define SYSTEM_COMMA_3 ,
#define SYSTEM_COMMA_4 ,
#define SYSTEM_STORE_0
#define SYSTEM_STORE_1 *result = answer.first;
#define SYSTEM_STORE_2 *result = answer.first, *result2 = answer.second;

#define SYSTEM_STUB(number, name, results_, object, right, arguments)                              \
    static inline status_t system_##name(                                                          \
        ARGUMENTS_APPLY(SYSTEM_PARAMETERS_, arguments)                                             \
            ARGUMENTS_INVOKE(SYSTEM_RESULTS_##results_, ARGUMENTS_ARITY arguments)) {              \
        struct system_results answer;                                                              \
        status_t outcome =                                                                         \
            system_call(number, ARGUMENTS_APPLY(SYSTEM_VALUES_, arguments), &answer);              \
        SYSTEM_STORE_##results_ return outcome;                                                    \
    }
SYSTEM_CALL_TABLE(SYSTEM_STUB)
#undef SYSTEM_STUB

// Takes the right to call a port of one's own from all handles with `count` badges from `badge` on,
// whoever has them.
static inline status_t port_revoke(handle_t port, uint32_t badge, uint64_t count)
{
    uint64_t from = 0;
    status_t status;
    do
        status = system_port_revoke(port, badge, count, from, &from);
    while (status == OK && from != 0);
    return status;
}
