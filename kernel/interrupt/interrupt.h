// Where interrupts and exceptions come in from entry.S. Interrupts are off and stay off; the kernel
// itself is interrupted only while idle.
#pragma once

#include "hal/hal.h"

struct thread;

// The current thread was interrupted, or did something exceptional; its registers are stored. Sees
// to what runs next. `error`: the processor's error code, 0 where there is none.
void program_interrupted(struct thread *thread, uint64_t vector, uint64_t error);

// The hart was idle, or the kernel is at fault: then the system crashes (after a page fault, too:
// the kernel touches no address of a program).
void kernel_interrupted_arrive(struct registers *registers, uint64_t vector, uint64_t error);
