// The processor's state as text, for crash reports. Intel SDM vol. 3A sections 2.5 and 6.15.
#include "debug/log.h"
#include "hal/hal.h"
#include "hal/x86_64/instructions.h"

// Bits of a page fault's error code, section 4.7.
static constexpr uint64_t FAULT_PRESENT = 1 << 0;
static constexpr uint64_t FAULT_WRITE = 1 << 1;
static constexpr uint64_t FAULT_RESERVED = 1 << 3;
static constexpr uint64_t FAULT_FETCH = 1 << 4;

static const char *const exception_names[] = {
    "divide error", "debug trap", "non-maskable interrupt", "breakpoint", "overflow",
    "bound range exceeded", "invalid instruction", "no vector unit", "double fault",
    "coprocessor overrun", "invalid task state", "segment not present", "stack fault",
    "general protection fault", "page fault", "reserved exception 15", "floating-point error",
    "alignment check", "machine check", "vector floating-point error", "virtualization exception",
    "control protection fault",
};

const char *hal_exception_name(unsigned vector) {
    static constexpr unsigned NAMES = sizeof exception_names / sizeof exception_names[0];
    return vector < NAMES ? exception_names[vector] : "unknown exception";
}

const char *hal_fault_access(uint64_t error) {
    if ((error & FAULT_FETCH) != 0)
        return "executing";
    return (error & FAULT_WRITE) != 0 ? "writing" : "reading";
}

const char *hal_fault_cause(uint64_t error) {
    if ((error & FAULT_RESERVED) != 0)
        return "a page-table entry is malformed";
    return (error & FAULT_PRESENT) != 0 ? "not allowed" : "nothing is there";
}

void hal_registers_text(const struct registers *r, char *text, size_t size) {
    text_format(text, size,
                "rax %016lx  rbx %016lx  rcx %016lx\n"
                "rdx %016lx  rsi %016lx  rdi %016lx\n"
                "rbp %016lx  rsp %016lx  r8  %016lx\n"
                "r9  %016lx  r10 %016lx  r11 %016lx\n"
                "r12 %016lx  r13 %016lx  r14 %016lx\n"
                "r15 %016lx  rip %016lx  flags %08lx\n",
                r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9,
                r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip, r->rflags);
}

void hal_control_text(char *text, size_t size) {
    text_format(text, size,
                "cr0 %016lx  cr2 %016lx  cr3 %016lx\n"
                "cr4 %016lx  efer %lx  fs %016lx  gs %016lx\n",
                cr0_read(), hal_fault_address(), hal_space_root(), cr4_read(), msr_read(MSR_EFER),
                msr_read(MSR_FS_BASE), msr_read(MSR_GS_BASE));
}
