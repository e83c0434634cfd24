// The virtual memory map of the kernel (upper half; include/abi/layout.h draws the lower).
//
//   0xffff_8000_0000_0000  all physical memory, one to one (up to 64 TiB); never executable; the
//                          kernel's text and constants are not writable through it either
//   0xffff_c000_0000_0000  the frame database: struct frame[], present only where there is RAM
//   0xffff_d000_0000_0000  kernel stacks, each with an unmapped page below
//   0xffff_e000_0000_0000  device memory (APIC, I/O APIC, HPET, framebuffer)
//   0xffff_ffff_8000_0000  the kernel's image: text r-x, constants r--, data rw-
#pragma once

#ifndef __ASSEMBLER__
#include <stdint.h>

static constexpr uint64_t LAYOUT_DIRECT_MAP = 0xffff'8000'0000'0000;
static constexpr uint64_t LAYOUT_FRAMES = 0xffff'c000'0000'0000;
static constexpr uint64_t LAYOUT_STACKS = 0xffff'd000'0000'0000;
static constexpr uint64_t LAYOUT_DEVICES = 0xffff'e000'0000'0000;
static constexpr uint64_t LAYOUT_IMAGE = 0xffff'ffff'8000'0000;
static constexpr uint64_t KERNEL_STACK_SIZE = 16 * 1024;
static constexpr unsigned HART_LIMIT = 256;

enum vector : uint8_t {
    VECTOR_NMI = 2,
    VECTOR_BREAKPOINT = 3,
    VECTOR_NO_VECTORS = 7, // CR0.TS is set
    VECTOR_DOUBLE_FAULT = 8,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_MACHINE_CHECK = 18,
    VECTOR_LEGACY = 32, // 32-47: the remapped, masked legacy controllers
    VECTOR_LINES = 48,  // interrupt lines, up to
    VECTOR_LINES_END = 224,
    VECTOR_TIMER = 240,
    VECTOR_WAKE = 241,  // look at the inbox
    VECTOR_FLUSH = 242, // look at the flush request
    VECTOR_SPURIOUS = 255,
};
#else // the way to long mode, from protected or real mode: Intel SDM vol. 3A sections 2.2.1, 2.5
    .macro ENTER_LONG_MODE root, descriptors
    movl $(1 << 5), %eax    // CR4: PAE
    movl %eax, %cr4
    movl \root, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx  // IA32_EFER
    rdmsr
    orl $0x901, %eax        // SCE, LME, NXE
    wrmsr
    lgdtl \descriptors
    movl $0x80010001, %eax  // CR0: PG, WP, PE
    movl %eax, %cr0
    .endm
#endif

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TASK 0x28

#define TRAMPOLINE_ADDRESS 0x8000 // where other harts begin to run, in real mode: page 8
