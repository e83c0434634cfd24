// Processes and threads on simulated harts: the kernel's own scheduler, messages and memory, where
// a test plays the programs. It fills a thread's registers, makes the call, and lets the hart run
// on.
#pragma once

#include "hart/process.h"
#include "hart/schedule.h"
#include "../hal/machine.h"
#include "message/system_call.h"

extern uint64_t host_ticks;

// memory.c's own table of harts.
extern struct hart *memory_harts[];

// Programs ended by an exception so far, and vector states loaded.
extern unsigned crash_reports, vectors_loaded;

// Starts it, once: memory, so many harts, the kernel's process.
void kernel_start(unsigned harts);

// From now on as that hart.
void kernel_hart(unsigned hart);

// What a hart does on its way out of the kernel, until it runs a program or would sleep: which
// thread it runs then, or nullptr. Wake-ups of other harts wait until those are run.
struct thread *kernel_run(void);

// What the kernel does for the current thread, until it is on its way out, or leaves at once for a
// thread that it has switched to.
void kernel_enter(void (*handler)(struct thread *thread), struct thread *thread);

// All harts, until nothing is left to do but programs: clean-ups, what was deferred.
void kernel_settle(void);

// The time moves, and each hart takes its timer's interrupt.
void kernel_wait(uint64_t ticks);

// A process with one thread, which has not run yet.
struct process *program_start(struct thread **thread);

// Ends it and lets go of it.
void program_end(struct process *process);

// The thread makes a message call with these registers (words 1 to 5). It has to be the current
// one.
void program_call(struct thread *thread, handle_t port, uint64_t tag, parcel_t parcel,
                  ticks_t deadline);
void program_receive(struct thread *thread, handle_t port, ticks_t deadline);
void program_reply(struct thread *thread, handle_t reply, uint64_t tag);
void program_reply_receive(struct thread *thread, handle_t port, uint64_t tag);
handle_t program_keep(struct thread *thread);
void program_begin(struct thread *thread, handle_t call, handle_t port, uint64_t tag,
                   parcel_t parcel, ticks_t deadline);
void program_cancel(struct thread *thread, handle_t call);

// What the kernel hands a system call for a handle with which nothing is wrong.
static inline void *program_object(struct thread *thread, handle_t handle) {
    return handle_entry(thread->process, handle)->object;
}

// Makes the thread the hart's current one: it must be ready, and nothing else is to run before it.
void program_run(struct thread *thread);

static inline status_t program_status(const struct thread *thread) {
    return (status_t)(int16_t)thread->registers.rax;
}
