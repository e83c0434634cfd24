// <arch.h> for host tests of threads and messages: the memory tests' machine, with all registers.
#pragma once

#define registers memory_registers
#define hal_ticks memory_ticks
#include "../hal/arch.h"
#undef registers
#undef hal_ticks

struct registers {
    uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11;
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t rip, rflags, rsp;
};

// Time is what a test says that it is.
extern uint64_t host_ticks;

static inline uint64_t hal_ticks(void) { return host_ticks; }

// What a program touched when it took a page fault.
extern uint64_t host_fault_address;

static inline uint64_t hal_fault_address(void) { return host_fault_address; }

#define HART_FIELD(field) (machine_hart->field)
#define HART_GET(field) (machine_hart->field)
#define HART_SET(field, value) (machine_hart->field = (value))

bool hal_token_spend(void);
void hal_interrupts_admit(void);
static inline void hal_thread_pointer_set(uint64_t address) { (void)address; }
