// Messages as a program sees them. Generated client and server stubs are built on these functions;
// few programs call them by hand. The register map is in include/abi/message.h.
#pragma once

#include <abi/message.h>
#include <abi/status.h>
#include <abi/system_calls.h>

struct message {
    uint64_t tag;
    uint64_t word[MESSAGE_WORDS];
    parcel_t parcel;
    handle_t handle[MESSAGE_HANDLES];
};

// What came with a received message, beside the message itself.
struct message_info {
    enum message_kind kind;
    bool taken;      // with an error: the server had taken the request
    bool failed;     // a completion: the call failed, and the tag holds its error
    uint64_t badge;
    uint64_t charge; // frames that the parcel charges its receiver
    uint64_t number; // message number, 0 when not traced
};

// Vector registers do not survive a system call (design, "Nothing leaks").
#define SYSTEM_CALL_VECTORS                                                                        \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)",     \
        "st(5)", "st(6)", "st(7)"

static inline status_t message_status(uint64_t rax) { return (status_t)(int16_t)rax; }

// Handles as they ride: two in a register.
static inline uint64_t message_handle_pair(const struct message *message, unsigned pair) {
    uint64_t both;
    __builtin_memcpy(&both, &message->handle[2 * pair], sizeof both);
    return both;
}

static inline void message_set_handle_pair(struct message *message, unsigned pair, uint64_t both) {
    __builtin_memcpy(&message->handle[2 * pair], &both, sizeof both);
}

// Whether a message brings neither a parcel nor handles.
static inline bool message_is_bare(const struct message *message) {
    return (message->parcel | message_handle_pair(message, 0) | message_handle_pair(message, 1)) ==
           0;
}

// The one place where registers are loaded and read back. `rax` and `target` are rax and rdi as
// sent; `message` is sent and replaced by what was received; the result is rax as received.
static inline uint64_t message_system_call(uint64_t rax, uint64_t *target, struct message *message,
                                           uint64_t *extra) {
    register uint64_t word1 __asm__("r12") = message->word[1];
    register uint64_t word2 __asm__("r13") = message->word[2];
    register uint64_t word3 __asm__("r14") = message->word[3];
    register uint64_t word4 __asm__("r15") = message->word[4];
    register uint64_t low __asm__("r8") = message_handle_pair(message, 0);
    register uint64_t high __asm__("r9") = message_handle_pair(message, 1);
    register uint64_t deadline __asm__("r10") = *extra;
    uint64_t word0 = message->word[0], tag = message->tag, parcel = message->parcel;
    __asm__ volatile("push %%rbp\n\tsyscall\n\tpop %%rbp"
                     : "+a"(rax), "+D"(*target), "+S"(tag), "+d"(parcel), "+b"(word0), "+r"(word1),
                       "+r"(word2), "+r"(word3), "+r"(word4), "+r"(low), "+r"(high), "+r"(deadline)
                     :
                     : "rcx", "r11", "memory", "cc", SYSTEM_CALL_VECTORS);
    *message = (struct message){
        .tag = tag, .word = {word0, word1, word2, word3, word4}, .parcel = parcel};
    message_set_handle_pair(message, 0, low);
    message_set_handle_pair(message, 1, high);
    *extra = deadline;
    return rax;
}

// Sends `message` to `port` and waits for the reply, which replaces it. Blocks until the deadline
// (0: until those that this thread serves). Errors: call in include/abi/system_calls.h; the reply's
// own status is in its tag (message_reply_status).
static inline status_t message_call(handle_t port, struct message *message, ticks_t deadline) {
    uint64_t target = port, extra = deadline;
    return message_status(message_system_call(CALL_call, &target, message, &extra));
}

// Sends `message` to `port` by a call object (system_call_create) and goes on; the reply comes to
// the call object's port as a completion, whose parcel and handles are taken as this thread accepts
// them now. `message` is cleared. Errors: begin in include/abi/system_calls.h; nothing was sent
// then.
static inline status_t message_begin(handle_t call, handle_t port, struct message *message,
                                     ticks_t deadline)
{
    uint64_t target = port, extra = deadline;
    uint64_t rax = CALL_begin | (uint64_t)call << 32;
    return message_status(message_system_call(rax, &target, message, &extra));
}

static inline status_t message_reply_status(const struct message *message) {
    return (status_t)(int16_t)message->tag;
}

static inline void message_info_set(struct message_info *info, uint64_t rax, uint64_t badge,
                                    uint64_t number) {
    *info = (struct message_info){
        .kind = (enum message_kind)(rax >> RESULT_KIND_SHIFT & 15),
        .taken = rax & RESULT_TAKEN,
        .failed = rax & RESULT_FAILED,
        .badge = badge,
        .charge = rax >> RESULT_CHARGE_SHIFT,
        .number = number,
    };
}

// Takes the next message from `port`, which this process holds the receive right of.
static inline status_t message_receive(handle_t port, struct message *message,
                                       struct message_info *info, ticks_t deadline) {
    *message = (struct message){};
    uint64_t target = port, extra = deadline;
    uint64_t rax = message_system_call(CALL_receive, &target, message, &extra);
    message_info_set(info, rax, target, extra);
    return message_status(rax);
}

// Answers the request in hand with `message`, then takes the next one into it.
static inline status_t message_reply_receive(handle_t port, struct message *message,
                                             struct message_info *info, ticks_t deadline) {
    uint64_t target = port, extra = deadline;
    uint64_t rax = message_system_call(CALL_reply_receive, &target, message, &extra);
    message_info_set(info, rax, target, extra);
    return message_status(rax);
}

// Answers a kept request, or the one in hand (reply: HANDLE_NONE).
static inline status_t message_reply(handle_t reply, struct message *message) {
    uint64_t target = reply, extra = 0;
    return message_status(message_system_call(CALL_reply, &target, message, &extra));
}

// Keeps the request in hand for a later message_reply.
static inline status_t message_keep(handle_t *reply) {
    struct message message = {};
    uint64_t target = 0, extra = 0;
    uint64_t rax = message_system_call(CALL_reply_keep, &target, &message, &extra);
    *reply = (handle_t)target;
    return message_status(rax);
}

// Sets bits in a notification.
static inline status_t message_signal(handle_t notification, uint64_t bits) {
    struct message message = {.tag = bits};
    uint64_t target = notification, extra = 0;
    return message_status(message_system_call(CALL_signal, &target, &message, &extra));
}
