// The inline half of hal.h for x86-64.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hal/boot.h"
#include "hal/x86_64/entry_bits.h"
#include "hal/x86_64/instructions.h"
#include "hal/x86_64/layout.h"

// A thread's saved state, as entry.S lays it out.
struct registers {
    uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11; // 0x00 to 0x40
    uint64_t rbx, rbp, r12, r13, r14, r15;              // 0x48 to 0x70
    uint64_t rip, rflags, rsp;                          // 0x78 to 0x88
};
static_assert(offsetof(struct registers, rbx) == 0x48 && sizeof(struct registers) == 0x90);

// Per-hart tables of the processor: descriptor table, task state, interrupt stacks.
// Intel SDM vol. 3A sections 3.5.1 and 8.7.
struct [[gnu::packed, gnu::aligned(4)]] task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map_base;
};
static_assert(sizeof(struct task_state) == 104);

struct hart_arch {
    uint64_t gdt[8];
    struct task_state tss;
    uint32_t apic_id;
};

static inline void *physical_to_virtual(paddr_t address) {
    return (void *)(address + LAYOUT_DIRECT_MAP);
}

static inline paddr_t virtual_to_physical(const void *address) {
    return (uint64_t)address - LAYOUT_DIRECT_MAP;
}

static inline uint64_t hal_ticks(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline void hal_pause(void) { __asm__ volatile("pause"); }

// This hart's block (struct hart, hart/hart.h) stands at the GS base; its first word points to it.
#define HART_FIELD(field) (((__seg_gs struct hart *)0)->field)
#define HART_GET(field) (((const __seg_gs struct hart *)0)->field)
#define HART_SET(field, value) (HART_FIELD(field) = (value))

static inline struct hart *hart_self(void) {
    struct hart *self;
    __asm__("movq %%gs:0, %0" : "=r"(self)); // constant: the kernel does not migrate
    return self;
}

// Drops this hart's translation of one page, and all its cached upper-level entries.
static inline void hal_page_flush(uint64_t address) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

// Loads a root; drops all translations but the kernel's global ones.
static inline void hal_space_load(paddr_t root) {
    cr3_write(root);
}

// Processors with PCIDs tag translations, and can keep those of spaces that are not loaded. A load
// drops what is there under the same tag, unless told to keep it (Intel SDM vol. 3A section 4.10).
static constexpr unsigned SPACE_TAGS = 256; // 0 is the kernel's own root's too

static inline void hal_space_load_tagged(paddr_t root, unsigned tag, bool keep) {
    hal_space_load(root | tag | (uint64_t)keep << 63);
}

// Drops all translations of the root that is loaded.
static inline void hal_space_flush(void) { cr3_write(cr3_read()); }

// Loads the root of the space that hart->space names, whose thread is to run. The two prefixes mean
// nothing: they make the instruction as long as the call of tlb_switch that it becomes on
// processors with PCIDs, which saves all others a test here. That function leaves all registers as
// they are but r11.
static inline void hal_space_switch(paddr_t root) {
    __asm__ volatile("1: .byte 0x3e, 0x3e\n\t"
                     "movq %%rax, %%cr3\n\t"
                     ".pushsection .rodata.switches, \"a\"\n\t"
                     ".quad 1b\n\t"
                     ".popsection"
                     :
                     : "a"(root)
                     : "r11", "cc", "memory");
}

static inline paddr_t hal_space_root(void) { return cr3_read() & ENTRY_ADDRESS; }

static inline uint64_t hal_fault_address(void) { return cr2_read(); }

// Spends one of the current thread's tokens; false if that was more than it had.
static inline bool hal_token_spend(void) {
    bool overdrawn;
    __asm__ volatile("decq %%gs:0x20" : "=@ccs"(overdrawn) : : "memory");
    return !overdrawn;
}

// Lets pending interrupts in, for a hart that has work of its own but runs no thread.
static inline void hal_interrupts_admit(void) {
    __asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
}

// This hart's block, before hal_hart_initialize.
static inline void hal_hart_block_set(struct hart *hart) {
    msr_write(MSR_GS_BASE, (uint64_t)hart);
}

// The current thread's FS base.
static inline void hal_thread_pointer_set(uint64_t address) {
    msr_write(MSR_FS_BASE, address);
}
