// Where interrupts and exceptions come in from entry.S. Interrupts are off and stay off; the kernel
// itself is interrupted only while idle.
#pragma once

#include "hal/hal.h"

// An interrupt, vector 32 and above. `registers`: the state that was interrupted: the current
// thread's, or a frame on the stack when the hart was idle.
void interrupt_arrive(struct registers *registers, uint64_t vector);

// An exception, vector 0 to 31, with the processor's error code (0 where there is none).
// `from_user`: the registers are the current thread's; otherwise the kernel is at fault and the
// system crashes (a page fault, too: the kernel touches no user address).
void exception_arrive(struct registers *registers, uint64_t vector, uint64_t error,
                      bool from_user);
