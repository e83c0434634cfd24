// Vector registers (x87, SSE, AVX where present): clean, off, on, saved, restored.
//
// The rule (design, "Nothing leaks"): vector registers do not survive a call. While CR0.TS is set a
// thread that touches them takes #NM; the kernel then calls hal_vector_enable and, where the thread
// has state or control words of its own, loads them. TS clear therefore means: this hart's vector
// registers hold what the current thread left in them.
//
// All functions but hal_vector_size are for the running hart with interrupts off, after
// hal_hart_initialize. None allocates or waits. Those marked TS-clear fault in the kernel (#NM)
// while TS is set.
#pragma once

#include <stdint.h>

// Control words of a thread that never set any: all exceptions masked, round to nearest
// (Intel SDM vol. 1 sections 8.1.5 and 10.2.3).
static constexpr uint64_t VECTOR_CONTROL_DEFAULT = 0x037f'0000'1f80;

// Bytes of a saved state; at most a page. The area must be aligned to 64 bytes and zeroed before
// its first use.
uint32_t hal_vector_size(void);

// #NM of the current thread: lets it use the registers, which are clean.
void hal_vector_enable(void);

// On the way from a thread that has used vectors to another by a call: all registers become clean,
// the control words default, and TS is set. Any TS.
void hal_vector_clear(void);

// The thread is switched away from involuntarily: saves all its state. Follow by hal_vector_clear.
// TS-clear.
void hal_vector_save(void *area);

// The thread runs again and has a saved state: call hal_vector_enable, then this. The area is the
// kernel's own, or checked by it: a malformed one faults. TS-clear.
void hal_vector_load(const void *area);

// MXCSR in bits 0-31, x87 control word in bits 32-47: the thread's own, kept over a call when the
// registers are not. Read before hal_vector_clear; load after hal_vector_enable. TS-clear.
uint64_t hal_vector_control(void);
void hal_vector_control_load(uint64_t control);
