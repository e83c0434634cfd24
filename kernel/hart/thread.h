// Threads: the unit of scheduling. A thread has no kernel stack; while it does not run, its
// registers stand in its block.
//
// A thread is in exactly one place: a hart's current one, in a hart's queue or inbox, on a port's
// list (`port` is set), in a server's hand (its call is TAKEN or REPLYING), among its process's
// lent_waiters, or ended. Whoever takes it out of there owns it; see message/call.h for the calls.
#pragma once

#include "hart/hart.h"
#include "hart/time.h"
#include "message/call.h"
#include "message/object.h"

// A page fault that the kernel did not resolve by itself.
struct touch {
    uaddr_t address;
    uint64_t error, what, cookie; // the processor's error code; TOUCH_ bits; 0 if it is none
    enum fault_outcome outcome;
};

enum band : uint8_t { BAND_DRIVER, BAND_NORMAL, BAND_IDLE };

static constexpr int64_t QUANTUM_TOKENS = 64;

struct thread {
    struct object object;       // 0x00
    struct registers registers; // 0x10, known to entry.S
    uint32_t full;              // 0xa0: left by an interrupt; all registers must come back
    // Any of them: it cannot be switched to on the fast path.
    union {
        struct {
            bool has_fs;  // an FS base
            bool timed;   // its timer is armed
            bool touches; // its call is a fault: its registers are not a message's
            bool begun;   // a begun call, which never runs (message/begin.h)
        } slow;
        uint32_t slow_any;
    };

    struct process *process;
    struct space *space;         // its process's
    struct handle_table *handles; // its process's
    struct thread *next;      // in the list that it stands in
    struct thread *sibling;   // of its process, under the process's lock
    struct hart *hart;        // where it ran last
    struct port *port;        // where it waits, to receive or with a QUEUED call; else nullptr or,
                              // with a request in hand, nothing that counts
    struct call call;
    struct hand hand;
    struct touch touch;       // its last page fault, sent if its call is one
    struct acceptance acceptance;
    uint8_t band;
    struct timer timer;       // deadline of the present wait
    uint64_t fs_base;
    void *vectors;            // vector state, for a thread that uses it and was interrupted
    bool vectors_saved;       // it was: load it when the thread next runs
    uint64_t vector_control;  // MXCSR and x87 control word
    uint64_t run_ticks, calls;
};
static_assert(offsetof(struct thread, registers) == 0x10 && offsetof(struct thread, full) == 0xa0 &&
              offsetof(struct thread, call.deadline) == 0xf8);

// A new thread of a process, which does not count it as its own before it starts. ERR_NO_MEMORY,
// ERR_NO_FRAME, ERR_BAD_ARGUMENT.
status_t thread_create(struct process *process, uaddr_t entry, uaddr_t stack, uint64_t argument,
                       struct thread **thread);

// The thread begins to run. ERR_ENDED.
status_t thread_start(struct thread *thread);

// What a thread and a begun call have in common.
void thread_prepare(struct thread *thread, struct process *process);

static inline void thread_append(struct thread_list *list, struct thread *thread) {
    thread->next = nullptr;
    if (list->first == nullptr)
        list->first = thread;
    else
        list->last->next = thread;
    list->last = thread;
}

// Lets a thread run that waits for nothing: on its last hart, a new one where fewest are runnable.
// A begun call completes; no lock is held then.
void thread_ready(struct thread *thread);

// The same for those linked by `next`.
static inline void threads_ready(struct thread *first) {
    for (struct thread *thread = first, *next; thread != nullptr; thread = next) {
        next = thread->next;
        thread_ready(thread);
    }
}

// Ends the current thread's stay on this hart; another is picked on the way out. It has been put
// where it belongs now, and may already run elsewhere.
void hart_leave(struct hart *hart);

// The same when it did not leave by its own doing: its vector registers are kept.
void hart_leave_involuntarily(struct hart *hart);

// Makes a thread this hart's current one: address space, tables, time. The one left was saved.
void hart_enter(struct hart *hart, struct thread *thread);

// On the way out of the kernel: makes sure that there is a current thread that may run; idles until
// there is one.
void hart_exit(void);

// The current thread goes to the end of its queue.
void hart_requeue(struct hart *hart);

// Sets what a waiting thread finds when it runs on: status and nothing else.
void thread_result(struct thread *thread, uint64_t rax);

// Ends the thread: takes it out of whatever it waits for. By any hart, its process ENDING.
void thread_stop(struct thread *thread);

// The current thread's own end.
void thread_finish(struct thread *thread);

// Frees what the object holds; nothing refers to it any more.
void thread_clean(struct thread *thread);

// Loads the current thread's registers and leaves the kernel (entry.S).
[[noreturn]] void thread_resume(void);
