// The message path when nothing has to wait, nothing but words travels, and nothing is traced: a call
// to a server that waits, and a reply to a caller when no other request is there. Everything else is
// handed on, unchanged, to the slow path; until then nothing has been written.
//
// The five words stay in rbx and r12 to r15 throughout. Arguments and results are the other
// registers of the map in include/abi/message.h (entry.S).

#include "hal/hal.h"
#include "hart/hart.h"
#include "hart/process.h"
#include "message/handle.h"
#include "message/port.h"

#define REGCALL __attribute__((regcall))
#define LIKELY(condition) __builtin_expect((condition), 1)
#define ARGUMENTS                                                                                  \
    uint64_t rax, uint64_t rcx, parcel_t parcel, uint64_t target, uint64_t tag, uint64_t low,     \
        uint64_t high

struct fast_result {
    uint64_t rax, rcx, rdx, rdi, rsi, r8, r9;
};

REGCALL struct fast_result system_call_slow(ARGUMENTS);
REGCALL struct fast_result message_call_fast(ARGUMENTS);
REGCALL struct fast_result message_reply_receive_fast(ARGUMENTS);

// The port behind a handle, if the handle is right and allows this.
static inline struct handle_entry *fast_look_up(uint64_t handle, enum ability ability) {
    uint64_t index = handle & ((1u << HANDLE_INDEX_BITS) - 1);
    if (!LIKELY(index < HART_GET(handles_limit)))
        return nullptr;
    struct handle_entry *entry = &HART_GET(handles)[index];
    bool fits = LIKELY(__c11_atomic_load(&entry->handle, __ATOMIC_ACQUIRE) == (handle_t)handle) &&
                LIKELY(entry->abilities & ability);
    return fits ? entry : nullptr;
}

// Makes `next` the current thread: it waited, so its registers are the message's.
static inline void fast_switch(struct thread *next) {
    struct process *process = next->process;
    next->state = THREAD_RUNNING;
    next->hart = HART_GET(self);
    HART_SET(current, next);
    HART_SET(process, process);
    HART_SET(handles, process->handles.entries);
    HART_SET(handles_limit, process->handles.capacity);
    HART_SET(user_rsp, next->registers.rsp);
    // Loading the root, which serialises, makes this visible before any translation is cached.
    __c11_atomic_store(&((__seg_gs struct hart *)0)->space, &process->space, __ATOMIC_RELAXED);
    hal_space_load(process->space.root);
    HART_SET(generation, __c11_atomic_load(&process->space.generation, __ATOMIC_ACQUIRE));
    HART_SET(counters.space_loads, HART_GET(counters.space_loads) + 1);
}

// Whether the switch from this hart's current thread needs nothing special.
static inline bool fast_switchable(const struct thread *from, const struct thread *to) {
    return LIKELY(from->process != to->process) &&
           LIKELY(!(HART_GET(vector_used) | HART_GET(fs_used))) && LIKELY(to->fs_base == 0) &&
           LIKELY(to->timer.hart == nullptr);
}

static inline void fast_save(struct thread *thread, uint64_t rip) {
    thread->registers.rip = rip;
    thread->registers.rsp = HART_GET(user_rsp);
    thread->full = 0;
}

static inline bool fast_allowed(parcel_t parcel, uint64_t low, uint64_t high) {
    return LIKELY((parcel | low | high | HART_GET(trace)) == 0) && LIKELY(HART_GET(tokens) > 0);
}

REGCALL struct fast_result message_call_fast(ARGUMENTS) {
    ticks_t deadline = HART_GET(deadline);
    struct handle_entry *entry = fast_look_up(target, CAN_CALL);
    if (!LIKELY(entry != nullptr) || !fast_allowed(parcel, low, high) ||
        !LIKELY(deadline - 1 >= HART_GET(tick) - 1))
        goto out_slow;
    struct port *port = (struct port *)entry->object;
    struct thread *caller = HART_GET(current);
    if (!LIKELY(caller->hand.caller == nullptr)) // it serves: its deadline is inherited
        goto out_slow;
    spinlock_acquire(&port->lock);
    struct thread *server = port->waiting;
    if (!LIKELY(server != nullptr) || !fast_switchable(caller, server))
        goto out_unlock;
    port->waiting = server->next;
    server->port = nullptr;
    uint64_t word = caller->call.word + CALL_GENERATION + CALL_TAKEN;
    caller->state = THREAD_CALLING;
    caller->call.deadline = deadline;
    fast_save(caller, rcx);
    server->hand.caller = caller;
    server->hand.word = word;
    server->hand.deadline = deadline;
    __c11_atomic_store(&caller->call.word, word, __ATOMIC_RELEASE);
    spinlock_release(&port->lock);
    HART_SET(tokens, HART_GET(tokens) - 1);
    fast_switch(server);
    return (struct fast_result){.rax = KIND_REQUEST << RESULT_KIND_SHIFT,
                                .rcx = server->registers.rip,
                                .rdi = entry->badge,
                                .rsi = tag};
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return system_call_slow(rax, rcx, parcel, target, tag, low, high);
}

REGCALL struct fast_result message_reply_receive_fast(ARGUMENTS) {
    struct handle_entry *entry = fast_look_up(target, CAN_RECEIVE);
    if (!LIKELY(entry != nullptr) || !fast_allowed(parcel, low, high) ||
        !LIKELY(HART_GET(deadline) == 0))
        goto out_slow;
    struct port *port = (struct port *)entry->object;
    struct thread *server = HART_GET(current);
    struct thread *caller = server->hand.caller;
    if (!LIKELY(caller != nullptr) || !LIKELY(server->hand.lender == nullptr) ||
        !fast_switchable(server, caller))
        goto out_slow;
    spinlock_acquire(&port->lock);
    if (!LIKELY(port->first == nullptr) || !LIKELY(port->notifications.first == nullptr) ||
        !LIKELY(port->events.first == nullptr))
        goto out_unlock;
    uint64_t word = server->hand.word;
    if (!LIKELY(__c11_atomic_compare_exchange_strong(&caller->call.word, &word, word - CALL_TAKEN,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
        goto out_unlock;
    server->hand.caller = nullptr;
    server->state = THREAD_RECEIVING;
    server->port = port;
    server->next = port->waiting;
    port->waiting = server;
    fast_save(server, rcx);
    spinlock_release(&port->lock);
    HART_SET(tokens, HART_GET(tokens) - 1);
    fast_switch(caller);
    return (struct fast_result){.rcx = caller->registers.rip, .rsi = tag};
out_unlock:
    spinlock_release(&port->lock);
out_slow:
    [[clang::musttail]] return system_call_slow(rax, rcx, parcel, target, tag, low, high);
}
