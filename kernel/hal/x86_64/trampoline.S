// A hart's way from real mode to the upper half, on the tables that harts.c has prepared. A
// start-up IPI sets CS to the page and IP to 0, and leaves everything else as INIT did (Intel SDM
// vol. 3A sections 8.4.4 and 9.1.1). From real mode the step to long mode is one: PE and PG are set
// together, and the far jump that follows already goes through the 64-bit code segment.

#include "hal/x86_64/layout.h"

#define AT(label) (label - trampoline_begin)

    .section .rodata.trampoline, "a"
    .globl trampoline_begin, trampoline_end, boot_gdt
    .balign 16
    .code16
trampoline_begin:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    ENTER_LONG_MODE $start_table_physical, AT(gdt_pointer)
    ljmpl $SELECTOR_KERNEL_CODE, $(TRAMPOLINE_ADDRESS + AT(long_mode))
    .code64
long_mode:
    movq $start_high, %rax
    jmpq *%rax

    .balign 8
boot_gdt:                        // for boot.S, too: Intel SDM vol. 3A section 3.4.5
    .quad 0
    .quad 0x00af9b000000ffff     // SELECTOR_KERNEL_CODE
    .quad 0x00cf93000000ffff     // SELECTOR_KERNEL_DATA
gdt_pointer:
    .short gdt_pointer - boot_gdt - 1
    .long TRAMPOLINE_ADDRESS + AT(boot_gdt)
trampoline_end:
