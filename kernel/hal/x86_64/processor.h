// What the processor can do, and the control bits that the kernel runs with.
//
// The features of the boot hart hold for all: harts of one machine are taken to be alike. The
// control bits are derived from them, so every hart runs with the same ones.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct processor {
    bool nx, smep, smap, umip, global_pages;
    bool xsave, x2apic, tsc_deadline, tsc_invariant, rdrand;
    uint8_t family;        // as displayed: extended family added
    bool intel;
    uint64_t vector_mask;  // XCR0 in use; 0 without XSAVE
    uint32_t vector_size;  // bytes of the vector state area
    uint32_t crystal_hz;   // CPUID 15H, 0 if not given
    uint64_t tsc_hz;       // CPUID 15H or 16H, 0 if not given
};

// Filled by processor_detect, constant afterwards.
extern struct processor processor;

// Reads CPUID; a second call does nothing. Before anything else of this folder.
void processor_detect(void);

// Sets CR0, CR4, EFER and XCR0 of the running hart. CR0.TS is set: vector registers trap.
void processor_control(void);

// Names of the features in use, "nx smep ..." with spaces between; always ended by 0.
void processor_features(char *text, size_t size);

// Whether pages of 1 GiB can be mapped. Needs no processor_detect.
bool processor_has_gigabyte_pages(void);
