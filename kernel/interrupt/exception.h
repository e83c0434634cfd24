// Exceptions of programs.
#pragma once

#include "hart/thread.h"

// Resolves what the kernel can (memory that was promised, vector registers); waits for what is
// lent, or for the process's pager; otherwise ends the process with a report.
void exception_of_program(struct thread *thread, uint64_t vector, uint64_t error);

// From entry.S, at a page fault of the current thread whose registers are not stored: true if it
// can run on, else the fault stands in its `touch`, and exception_of_program follows.
bool page_fault_resolve(uint64_t error);

// Ends a thread's process after an exception, with a report of the thread, which does not run.
void exception_end(struct thread *thread, uint64_t vector, uint64_t error, uint64_t address);
