// Segments, task state and interrupt gates of a hart.
//
// Each hart has its own descriptor table and task state, in its hart block; one interrupt table is
// shared. Double fault, NMI and machine check run on stacks of their own (IST 1 to 3), each with
// an unmapped page below, so that they work whatever the stack pointer was.
#pragma once

#include <stdint.h>

struct hart;

// A hart's stacks; all but the first by their number in the interrupt stack table.
enum hart_stack : uint8_t {
    STACK_KERNEL,
    STACK_DOUBLE_FAULT,
    STACK_NMI,
    STACK_MACHINE_CHECK,
    STACKS,
};

static constexpr uint64_t INTERRUPT_STACK_SIZE = 8 * 1024;

// What entry.S gives to the processor's tables: where interrupts and exceptions arrive, by vector,
// and where SYSCALL does.
extern const char entry_stubs[256][16];
void entry_system_call(void);

// Loads the running hart's GDT, TSS and IDT, makes GS reach its block, and sets the registers that
// SYSCALL and SYSRET take their state from. The hart's stacks must be there.
void descriptors_load(struct hart *hart);

// Fills the interrupt table; once, on the boot hart, before descriptors_load.
void descriptors_initialize(void);
