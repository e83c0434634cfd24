// Processes: an address space, a handle table, an account and a heap for kernel objects, and
// threads.
//
// A process is NEW until its first thread starts, LIVE, then ENDING (no thread of it starts any
// more; those that run stop at their next entry to the kernel), and ENDED when its handles are
// closed, its loans home and its memory freed. The object goes when nothing refers to it.
#pragma once

#include <abi/query.h>

#include "debug/crash.h"
#include "hart/quiet.h"
#include "hart/task.h"
#include "hart/thread.h"
#include "memory/account.h"
#include "memory/heap.h"
#include "memory/space.h"
#include "message/handle.h"
#include "message/port.h"

// A death that somebody wants to hear of.
struct watch {
    struct event event; // first: the port hands it out
    struct watch *next;
    struct process *watcher; // a reference; its heap holds this
};

struct process {
    struct object object;
    uint32_t number;
    char name[16];
    struct space space;
    struct handle_table handles;
    struct account account;
    struct heap heap;
    struct process *next, *previous; // all processes
    struct task task;                // cleans up after the end, and after a quiet point
    struct quiet quiet;
    struct quiet stopping;           // looks again for threads that have not ended

    struct spinlock lock;
    uint8_t state; // enum process_state
    uint8_t cause; // enum end_cause
    uint8_t exception;
    uint32_t status;
    uint64_t end_address;
    struct thread *threads;
    uint32_t live;             // threads that have not ended
    struct watch *watches, **watches_end; // in the order in which they were asked for
    _Atomic uint32_t watching; // watches of its own that have not been freed
    _Atomic uint32_t loans;    // lent to others and not yet home
    bool awaits_loans;         // has ended, and goes on when the last is home
    struct thread *lent_waiters; // threads that touched what is lent
    struct port *pager;        // where its faults arrive; a reference. Set before it starts
    uint64_t pager_badge;
    struct process *pager_process; // a reference, likewise
    unsigned closing;          // next handle to close
    uint64_t watchdog_hits;
    const struct boot_module *module; // its image, for names in crash reports
};

// The kernel's own process: owns the boot ports and all memory not handed out. Number 0.
extern struct process kernel_process;

void processes_initialize(uint64_t frames);

// An empty process with `limit` frames taken from its creator. ERR_NO_MEMORY, ERR_NO_FRAME,
// ERR_BAD_ARGUMENT.
status_t process_create(struct process *creator, uint64_t limit, const char name[16],
                        struct process **process);

// Ends a process: from now on it does nothing more; the rest follows in a kernel task. After a
// fault `exception` is the processor's number for it.
void process_end(struct process *process, enum end_cause cause, uint32_t status, uint8_t exception,
                 uint64_t address);

// One thread less; the last one's end begins the clean-up.
void process_thread_gone(struct process *process);

// A loan of this process came home.
void process_loan_home(struct process *process);

// Loans came home and were counted: lets those go on that wait for them.
void process_loans_look(struct process *process);

void process_release(struct process *process);

// Finds by number and refers to it; nullptr if there is none.
struct process *process_find(uint32_t number);

// The process with the smallest number >= `number`, referred to; nullptr at the end.
struct process *process_from(uint32_t number);

// Posts a death event to the port when the process ends. ERR_NO_MEMORY, ERR_NO_FRAME;
// ERR_BAD_HANDLE if the port went meanwhile.
status_t process_watch(struct process *process, struct process *watcher, struct port *port,
                       uint64_t badge);

// Has faults arrive at a port of `pager`, and freed cookies marked in its pages `unseen` (errors:
// space_pager_set). ERR_NOT_ALLOWED: it has started, or has a pager; ERR_BAD_HANDLE if
// the port went meanwhile.
status_t process_pager_set(struct process *process, struct process *pager, struct port *port,
                           uint64_t badge, parcel_t unseen);

// Frees what the object holds; nothing refers to it any more.
void process_clean(struct process *process);

// It has ENDED: posts the deaths. Who asked first hears first: the loader, which names the
// functions of a crash, before the parent.
void watches_tell(struct process *process);

// Whoever ends does not wait for the deaths of others: its memory would go only with the last.
void watches_withdraw(struct process *watcher);

// Gives back to the creator what a process does not use any more.
void process_limit_return(struct process *process);

// A watch whose event was handed out, or never will be.
void watch_free(struct watch *watch);
