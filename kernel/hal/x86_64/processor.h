// What the processor can do, and the control bits that the kernel runs with.
//
// The features of the boot hart hold for all: harts of one machine are taken to be alike. The
// control bits are derived from them, so every hart runs with the same ones.
#pragma once

#include <stdint.h>

// Control bits.
enum : uint64_t {
    CR0_PROTECTED = 1 << 0,
    CR0_MONITOR = 1 << 1, // WAIT traps too while TS is set
    CR0_TASK_SWITCHED = 1 << 3,
    CR0_EXTENSION = 1 << 4,
    CR0_NUMERIC_ERROR = 1 << 5,
    CR0_WRITE_PROTECT = 1 << 16,
    CR0_PAGING = 1u << 31,

    CR4_PHYSICAL_EXTENSION = 1 << 5,
    CR4_MACHINE_CHECK = 1 << 6,
    CR4_GLOBAL_PAGES = 1 << 7,
    CR4_FXSAVE = 1 << 9,
    CR4_VECTOR_EXCEPTIONS = 1 << 10,
    CR4_UMIP = 1 << 11,
    CR4_PCID = 1 << 17,
    CR4_XSAVE = 1 << 18,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
};

// Vector states, as in XCR0.
enum : uint64_t {
    STATE_X87 = 1 << 0,
    STATE_SSE = 1 << 1,
    STATE_AVX = 1 << 2,
    STATE_AVX512 = 7 << 5,
};

struct processor {
    uint64_t control; // CR4 in use
    bool x2apic, tsc_deadline, tsc_invariant;
    uint64_t vector_mask;  // XCR0 in use; 0 without XSAVE
    uint32_t vector_size;  // bytes of the vector state area
    uint32_t crystal_hz;   // CPUID 15H, 0 if not given
    uint64_t tsc_hz;       // CPUID 15H or 16H, 0 if not given
};

// Filled by processor_detect, constant afterwards.
extern struct processor processor;

// Reads CPUID. Once, before anything else of this folder.
void processor_detect(void);

// Sets CR0, CR4 and XCR0 of the running hart. CR0.TS is set: vector registers trap.
void processor_control(void);

// Says in the log which processor it is, and the features in use.
void processor_report(void);
