// Intel SDM vol. 3A sections 3.4.5 (segment descriptors), 5.8.8 (SYSCALL), 6.14.1 (64-bit gates),
// 6.14.5 (interrupt stack table) and 8.7 (task state).
#include "hal/x86_64/descriptors.h"

#include "hal/paging.h"
#include "hart/hart.h"

struct gate {
    uint16_t offset_low;    // 0x0
    uint16_t selector;      // 0x2
    uint8_t stack;          // 0x4 IST index, 0: none
    uint8_t type;           // 0x5
    uint16_t offset_middle; // 0x6
    uint32_t offset_high;   // 0x8
    uint32_t reserved;      // 0xc
};
static_assert(sizeof(struct gate) == 16);

struct [[gnu::packed]] table_pointer {
    uint16_t limit; // 0x0
    uint64_t base;  // 0x2
};
static_assert(sizeof(struct table_pointer) == 10);

enum : uint64_t {
    // Present, accessed (so that loading one writes nothing); base and limit mean nothing here.
    SEGMENT_KERNEL_CODE = 0x00209b0000000000,
    SEGMENT_KERNEL_DATA = 0x0000930000000000,
    SEGMENT_USER_DATA = 0x0000f30000000000,
    SEGMENT_USER_CODE = 0x0020fb0000000000,
    SEGMENT_TASK = 0x0000890000000000,
};

enum : uint8_t {
    GATE_INTERRUPT = 0x8e, // present, clears IF
    GATE_PROGRAM = 0xee,   // the same, and INT3 in a program may use it
};

// TF, IF, DF, NT, AC.
static constexpr uint64_t SYSTEM_CALL_CLEARS = 1 << 8 | 1 << 9 | 1 << 10 | 1 << 14 | 1 << 18;

// Each stack has its pages at the upper end of a slot; the rest of the slot stays unmapped.
static constexpr uint64_t STACK_SLOT = 2 * KERNEL_STACK_SIZE;

static struct gate interrupt_table[256];

void descriptors_initialize(void) {
    static const uint8_t stacks[256] = {[VECTOR_NMI] = STACK_NMI,
                                        [VECTOR_DOUBLE_FAULT] = STACK_DOUBLE_FAULT,
                                        [VECTOR_MACHINE_CHECK] = STACK_MACHINE_CHECK};

    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t address = (uint64_t)entry_stubs[vector];

        interrupt_table[vector] = (struct gate){
            .offset_low = (uint16_t)address,
            .offset_middle = (uint16_t)(address >> 16),
            .offset_high = (uint32_t)(address >> 32),
            .selector = SELECTOR_KERNEL_CODE,
            .stack = stacks[vector],
            .type = vector == VECTOR_BREAKPOINT ? GATE_PROGRAM : GATE_INTERRUPT,
        };
    }
}

bool hal_hart_stacks(struct hart *hart) {
    for (unsigned i = 0; i < STACKS; i++) {
        uint64_t size = i == STACK_KERNEL ? KERNEL_STACK_SIZE : INTERRUPT_STACK_SIZE;
        uint64_t top = LAYOUT_STACKS + (hart->index * STACKS + i + 1) * STACK_SLOT;

        if (!paging_map_stack(top - size, size))
            return false;
        if (i == STACK_KERNEL)
            hart->kernel_stack = top;
        else
            hart->arch.tss.ist[i - 1] = top;
    }
    return true;
}

static void fill_segments(struct hart_arch *arch) {
    uint64_t task = (uint64_t)&arch->tss;
    uint64_t limit = sizeof arch->tss - 1;

    arch->gdt[SELECTOR_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
    arch->gdt[SELECTOR_KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
    arch->gdt[SELECTOR_USER_DATA / 8] = SEGMENT_USER_DATA;
    arch->gdt[SELECTOR_USER_CODE / 8] = SEGMENT_USER_CODE;
    arch->gdt[SELECTOR_TASK / 8] = SEGMENT_TASK | limit | (task & 0xffffff) << 16 |
                                   (task >> 24 & 0xff) << 56;
    arch->gdt[SELECTOR_TASK / 8 + 1] = task >> 32;
}

// FS and GS get the null selector, which also clears their bases on some processors; the caller
// sets them afterwards.
static void load_segments(const struct hart_arch *arch) {
    struct table_pointer segments = {sizeof arch->gdt - 1, (uint64_t)arch->gdt};
    struct table_pointer interrupts = {sizeof interrupt_table - 1, (uint64_t)interrupt_table};

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %2\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %3, %%ss\n\t"
                     "movl %4, %%ds\n\t"
                     "movl %4, %%es\n\t"
                     "movl %4, %%fs\n\t"
                     "movl %4, %%gs\n\t"
                     "lidt %1\n\t"
                     "ltr %w5"
                     :
                     : "m"(segments), "m"(interrupts), "i"(SELECTOR_KERNEL_CODE),
                       "r"(SELECTOR_KERNEL_DATA), "r"(0), "r"(SELECTOR_TASK)
                     : "rax", "memory");
}

static void system_call_set(void) {
    // SYSRET takes CS from bits 48-63 plus 16 and SS from the same plus 8.
    uint64_t user = (SELECTOR_USER_DATA - 8) | 3;

    static_assert(SELECTOR_USER_CODE == SELECTOR_USER_DATA + 8);
    static_assert(SELECTOR_KERNEL_DATA == SELECTOR_KERNEL_CODE + 8);
    msr_write(MSR_STAR, user << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    msr_write(MSR_LSTAR, (uint64_t)entry_system_call);
    msr_write(MSR_CSTAR, 0);
    msr_write(MSR_SFMASK, SYSTEM_CALL_CLEARS);
}

void descriptors_load(struct hart *hart) {
    fill_segments(&hart->arch);
    hart->arch.tss.rsp[0] = hart->kernel_stack;
    hart->arch.tss.io_map_base = sizeof hart->arch.tss; // none: every port traps in programs
    load_segments(&hart->arch);
    msr_write(MSR_FS_BASE, 0);
    msr_write(MSR_GS_BASE, (uint64_t)hart);
    msr_write(MSR_KERNEL_GS_BASE, 0);
    system_call_set();
}
