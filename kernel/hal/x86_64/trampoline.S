// A hart's way from real mode to the kernel. A start-up IPI sets CS to the page and IP to 0, and
// leaves everything else as INIT did (Intel SDM vol. 3A sections 8.4.4 and 9.1.1). From real mode
// the step to long mode is one: PAE, root, LME, then PE and PG together; the far jump that follows
// already goes through the 64-bit code segment.

#include "hal/x86_64/layout.h"

#define TRAMPOLINE_ADDRESS 0x8000
#define AT(label) (label - trampoline_begin)

    .section .rodata.trampoline, "a"
    .globl trampoline_begin, trampoline_mailbox, trampoline_end
    .balign 16
    .code16
trampoline_begin:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl AT(mailbox_root), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_SCE_LME_NXE, %eax
    wrmsr
    lgdtl AT(gdt_pointer)
    movl $CR0_PG_WP_PE, %eax
    movl %eax, %cr0
    ljmpl $SELECTOR_KERNEL_CODE, $(TRAMPOLINE_ADDRESS + AT(long_mode))

    .code64
long_mode:
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq mailbox_stack(%rip), %rsp
    movq mailbox_hart(%rip), %rdi
    xorl %ebp, %ebp              // backtraces end here
    pushq $0
    jmpq *mailbox_entry(%rip)    // as if called, with no way back

    .balign 8
gdt:                             // Intel SDM vol. 3A section 3.4.5
    .quad 0
    .quad 0x00af9b000000ffff     // SELECTOR_KERNEL_CODE
    .quad 0x00cf93000000ffff     // SELECTOR_KERNEL_DATA
gdt_pointer:
    .short gdt_pointer - gdt - 1
    .long TRAMPOLINE_ADDRESS + AT(gdt)

    .balign 8
trampoline_mailbox:
mailbox_root:
    .quad 0
mailbox_stack:
    .quad 0
mailbox_hart:
    .quad 0
mailbox_entry:
    .quad 0
trampoline_end:

    .section .note.GNU-stack, "", @progbits
