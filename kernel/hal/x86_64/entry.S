// Ways into the kernel and back: system calls, interrupts, exceptions.
//
// A thread has no kernel stack. On the way in (but for the two fast calls) its registers are stored
// in its block (struct thread), and whichever thread is this hart's current one on the way out is
// loaded. Interrupts are off from entry to exit. Offsets are checked in hart/thread.h and
// hart/hart.h.

#include "hal/x86_64/layout.h"

// Offsets in struct hart.
#define HART_USER_RSP %gs:0x08
#define HART_KERNEL_STACK %gs:0x10
#define HART_CURRENT %gs:0x18
#define HART_TOKENS %gs:0x20
#define HART_TRACE_SPECIAL %gs:0x28

// Offsets in struct thread.
#define T_RAX 0x10
#define T_RCX 0x18
#define T_RDX 0x20
#define T_RSI 0x28
#define T_RDI 0x30
#define T_R8 0x38
#define T_R9 0x40
#define T_R10 0x48
#define T_R11 0x50
#define T_RBX 0x58
#define T_RBP 0x60
#define T_R12 0x68
#define T_R13 0x70
#define T_R14 0x78
#define T_R15 0x80
#define T_RIP 0x88
#define T_RFLAGS 0x90
#define T_RSP 0x98
#define T_FULL 0xa0
#define T_DEADLINE 0xf8 // call.deadline

#define USER_RFLAGS 0x202 // interrupts on, nothing else

// A parcel's descriptor (include/abi/message.h).
#define PARCEL_MODE_SHIFT 48
#define PARCEL_LEND 2

    .section .text.entry, "ax"

// --- system calls --------------------------------------------------------------------------------
// rcx: return address, r11: flags, eax: number, the rest as in include/abi/message.h.
//
// The two fast calls are C functions (message/fast.c) that take, in the registers of clang's regcall:
// rax deadline, rcx return address, rdx the program's rsp, rdi handle, rsi tag, and r8 and r9 as 0.
// Where a page is lent its descriptor rides in r8. They leave rbx and r12 to r15 alone, and end by jumping to message_leave with the next thread's
// rax, rcx, rdx (its rsp), rdi and rsi, or to the slow path, with rip, rsp and deadline stored in the
// thread's block.
    .globl entry_system_call
    .p2align 6
entry_system_call:
    swapgs
    cmpl $1, %eax
    jne 1f
    movq %rdx, %r11 // parcel
    orq %r8, %r11   // handles
    orq %r9, %r11
    orq HART_TRACE_SPECIAL, %r11
    jnz system_call_carries
    movq %r10, %rax
    movq %rsp, %rdx
    movq HART_KERNEL_STACK, %rsp
    jmp __regcall3__message_call_fast

1:  cmpl $2, %eax
    jne 2f
    movq %rdx, %r11
    orq %r8, %r11
    orq %r9, %r11
    orq %r10, %r11  // deadline
    orq HART_TRACE_SPECIAL, %r11
    jnz system_call_slow
    movq %rsp, %rdx
    movq HART_KERNEL_STACK, %rsp
    jmp __regcall3__message_reply_receive_fast

2:  testl %eax, %eax
    jnz system_call_slow
    decq HART_TOKENS // null: the cheapest call; spends a token like every other
    js system_call_slow
    xorl %edi, %edi
    xorl %esi, %esi
    swapgs
    sysretq

system_call_carries: // a loan and nothing else?
    movq %rdx, %r11
    shrq $PARCEL_MODE_SHIFT, %r11
    andl $7, %r11d
    cmpl $PARCEL_LEND, %r11d
    jne system_call_slow
    movq %r8, %r11
    orq %r9, %r11
    orq HART_TRACE_SPECIAL, %r11
    jnz system_call_slow
    movq %r10, %rax
    movq %rdx, %r8
    movq %rsp, %rdx
    movq HART_KERNEL_STACK, %rsp
    jmp __regcall3__message_lend_fast

    .globl __regcall3__message_leave_with
__regcall3__message_leave_with:
    movq %rdx, %rsp
    movq %r8, %rdx
    xorl %r8d, %r8d
    jmp 1f
    .globl __regcall3__message_leave
__regcall3__message_leave:
    movq %rdx, %rsp
    xorl %edx, %edx
1:  xorl %r10d, %r10d
    xorl %ebp, %ebp
    movl $USER_RFLAGS, %r11d
    swapgs
    sysretq

    .globl __regcall3__message_lend_slow
__regcall3__message_lend_slow:
    movq HART_CURRENT, %r11
    movl $1, %eax
    movq %r8, %rdx
    xorl %r8d, %r8d
    jmp 3f
    .globl __regcall3__message_call_slow
__regcall3__message_call_slow:
    movl $1, %eax
    jmp 1f
    .globl __regcall3__message_reply_receive_slow
__regcall3__message_reply_receive_slow:
    movl $2, %eax
1:  movq HART_CURRENT, %r11
    xorl %edx, %edx
3:  xorl %r10d, %r10d
    cmpl $1, %eax
    jne 2f
    movq T_DEADLINE(%r11), %r10
2:  movq T_RIP(%r11), %rcx
    movq T_RSP(%r11), %rsp

system_call_slow:
    movq %rsp, HART_USER_RSP
    movq HART_KERNEL_STACK, %rsp
    pushq %rax
    movq HART_CURRENT, %rax
    popq T_RAX(%rax)
    movq %rcx, T_RIP(%rax)
    movq HART_USER_RSP, %rcx
    movq %rcx, T_RSP(%rax)
    movq %r10, T_R10(%rax)
    movq %rdx, T_RDX(%rax)
    movq %rsi, T_RSI(%rax)
    movq %rdi, T_RDI(%rax)
    movq %r8, T_R8(%rax)
    movq %r9, T_R9(%rax)
    movq %rbx, T_RBX(%rax)
    movq %rbp, T_RBP(%rax)
    movq %r12, T_R12(%rax)
    movq %r13, T_R13(%rax)
    movq %r14, T_R14(%rax)
    movq %r15, T_R15(%rax)
    movl $0, T_FULL(%rax)
    movq %rax, %rdi
    xorl %ebp, %ebp
    call system_call_arrive

// --- leaving -------------------------------------------------------------------------------------
// Runs the current thread on from its stored registers. Reached with this hart's stack in any state.
    .globl thread_resume
thread_resume:
    movq HART_CURRENT, %rdi
    movq T_RAX(%rdi), %rax
    movq T_RDX(%rdi), %rdx
    movq T_RSI(%rdi), %rsi
    movq T_R8(%rdi), %r8
    movq T_R9(%rdi), %r9
    movq T_R10(%rdi), %r10
    movq T_RBX(%rdi), %rbx
    movq T_RBP(%rdi), %rbp
    movq T_R12(%rdi), %r12
    movq T_R13(%rdi), %r13
    movq T_R14(%rdi), %r14
    movq T_R15(%rdi), %r15
    cmpl $0, T_FULL(%rdi)
    jne 1f
    movq T_RIP(%rdi), %rcx
    movl $USER_RFLAGS, %r11d
    movq T_RSP(%rdi), %rsp
    movq T_RDI(%rdi), %rdi
    swapgs
    sysretq
1:  movq HART_KERNEL_STACK, %rsp
    pushq $SELECTOR_USER_DATA
    pushq T_RSP(%rdi)
    pushq T_RFLAGS(%rdi)
    pushq $SELECTOR_USER_CODE
    pushq T_RIP(%rdi)
    movq T_RCX(%rdi), %rcx
    movq T_R11(%rdi), %r11
    movq T_RDI(%rdi), %rdi
    swapgs
    iretq

// --- interrupts and exceptions -------------------------------------------------------------------
// Each stub pushes an error code (0 where the processor pushes none) and its vector.
    .altmacro
    .macro STUB vector
    .p2align 4
stub_\vector:
    .if (\vector == 8) || (\vector >= 10 && \vector <= 14) || (\vector == 17) || (\vector == 21)
    .else
    pushq $0
    .endif
    pushq $\vector
    .if (\vector == 2) || (\vector == 8) || (\vector == 18)
    jmp entry_abort
    .elseif (\vector == 14)
    jmp entry_page_fault
    .else
    jmp entry_interrupt
    .endif
    .endm
    .macro ADDRESS vector
    .quad stub_\vector
    .endm

    .set i, 0
    .rept 256
    STUB %i
    .set i, i + 1
    .endr

    .section .rodata
    .globl entry_vectors
    .p2align 3
entry_vectors:
    .set i, 0
    .rept 256
    ADDRESS %i
    .set i, i + 1
    .endr

    .section .text.entry, "ax"
    .p2align 6
// Most page faults of programs are answered with memory that they were granted: the thread stays the
// current one and nothing of it is stored. Stack: as below.
entry_page_fault:
    testb $3, 24(%rsp)
    jz kernel_interrupted
    swapgs
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    movq 80(%rsp), %rdi // error code
    cld
    call page_fault_resolve
    testb %al, %al
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    swapgs
    jz entry_interrupt
    addq $16, %rsp
    iretq

    .p2align 6
// Stack: vector, error, rip, cs, rflags, rsp, ss.
entry_interrupt:
    testb $3, 24(%rsp)
    jz kernel_interrupted
    swapgs
    pushq %rdi
    movq HART_CURRENT, %rdi
    popq T_RDI(%rdi)
    movq %rax, T_RAX(%rdi)
    movq %rcx, T_RCX(%rdi)
    movq %rdx, T_RDX(%rdi)
    movq %rsi, T_RSI(%rdi)
    movq %r8, T_R8(%rdi)
    movq %r9, T_R9(%rdi)
    movq %r10, T_R10(%rdi)
    movq %r11, T_R11(%rdi)
    movq %rbx, T_RBX(%rdi)
    movq %rbp, T_RBP(%rdi)
    movq %r12, T_R12(%rdi)
    movq %r13, T_R13(%rdi)
    movq %r14, T_R14(%rdi)
    movq %r15, T_R15(%rdi)
    popq %rsi // vector
    popq %rdx // error code
    popq T_RIP(%rdi)
    popq %rax // cs
    popq T_RFLAGS(%rdi)
    popq T_RSP(%rdi)
    movl $1, T_FULL(%rdi)
    movq HART_KERNEL_STACK, %rsp
    cld
    xorl %ebp, %ebp
    call program_interrupted
    jmp thread_resume

// The hart was idle, or the kernel is at fault: the state stays on the stack, as struct registers.
kernel_interrupted:
    subq $0x90, %rsp
    movq %rax, 0x00(%rsp)
    movq %rcx, 0x08(%rsp)
    movq %rdx, 0x10(%rsp)
    movq %rsi, 0x18(%rsp)
    movq %rdi, 0x20(%rsp)
    movq %r8, 0x28(%rsp)
    movq %r9, 0x30(%rsp)
    movq %r10, 0x38(%rsp)
    movq %r11, 0x40(%rsp)
    movq %rbx, 0x48(%rsp)
    movq %rbp, 0x50(%rsp)
    movq %r12, 0x58(%rsp)
    movq %r13, 0x60(%rsp)
    movq %r14, 0x68(%rsp)
    movq %r15, 0x70(%rsp)
    movq 0xa0(%rsp), %rax // rip
    movq %rax, 0x78(%rsp)
    movq 0xb0(%rsp), %rax // rflags
    movq %rax, 0x80(%rsp)
    movq 0xb8(%rsp), %rax // rsp
    movq %rax, 0x88(%rsp)
    movq %rsp, %rdi
    movq 0x90(%rsp), %rsi
    movq 0x98(%rsp), %rdx
    movq %rsp, %rbx
    andq $-16, %rsp
    cld
    call kernel_interrupted_arrive
    movq %rbx, %rsp
    movq 0x00(%rsp), %rax
    movq 0x08(%rsp), %rcx
    movq 0x10(%rsp), %rdx
    movq 0x18(%rsp), %rsi
    movq 0x20(%rsp), %rdi
    movq 0x28(%rsp), %r8
    movq 0x30(%rsp), %r9
    movq 0x38(%rsp), %r10
    movq 0x40(%rsp), %r11
    movq 0x48(%rsp), %rbx
    movq 0x50(%rsp), %rbp
    movq 0x58(%rsp), %r12
    movq 0x60(%rsp), %r13
    movq 0x68(%rsp), %r14
    movq 0x70(%rsp), %r15
    addq $0xa0, %rsp
    iretq

// Double fault, NMI, machine check: on a stack of their own, and at any moment, so the GS base may
// still be the program's. The kernel's has its top bit set (Intel SDM vol. 3A section 5.8.8).
entry_abort:
    pushq %rax
    pushq %rcx
    pushq %rdx
    movl $0xc0000101, %ecx // IA32_GS_BASE
    rdmsr
    testl %edx, %edx
    popq %rdx
    popq %rcx
    popq %rax
    js kernel_interrupted
    swapgs
    jmp kernel_interrupted
