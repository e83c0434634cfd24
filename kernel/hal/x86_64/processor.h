// What the processor can do, and the control bits that the kernel runs with.
//
// The features of the boot hart hold for all: harts of one machine are taken to be alike. The
// control bits are derived from them, so every hart runs with the same ones.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Vector states, as in XCR0.
enum : uint64_t {
    STATE_X87 = 1 << 0,
    STATE_SSE = 1 << 1,
    STATE_AVX = 1 << 2,
    STATE_AVX512 = 7 << 5,
};

struct processor {
    bool smep, smap, umip, global_pages, pcid;
    bool xsave, x2apic, tsc_deadline, tsc_invariant;
    uint64_t vector_mask;  // XCR0 in use; 0 without XSAVE
    uint32_t vector_size;  // bytes of the vector state area
    uint32_t crystal_hz;   // CPUID 15H, 0 if not given
    uint64_t tsc_hz;       // CPUID 15H or 16H, 0 if not given
};

// Filled by processor_detect, constant afterwards.
extern struct processor processor;

// Reads CPUID; a second call does nothing. Before anything else of this folder.
void processor_detect(void);

// Sets CR0, CR4 and XCR0 of the running hart. CR0.TS is set: vector registers trap.
void processor_control(void);

// Says in the log which processor it is, and the features in use.
void processor_report(void);
