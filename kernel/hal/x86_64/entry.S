// Ways into the kernel and back: system calls, interrupts, exceptions.
//
// A thread has no kernel stack. On the way in (but for the two fast calls) its registers are stored
// in its block (struct thread), and whichever thread is this hart's current one on the way out is
// loaded. Interrupts are off from entry to exit. Offsets are checked in hart/thread.h and
// hart/hart.h.

#include "hal/x86_64/layout.h"

// Offsets in struct hart.
#define HART_KERNEL_STACK %gs:0x10
#define HART_CURRENT %gs:0x18
#define HART_TOKENS %gs:0x20
#define HART_TRACE_SPECIAL %gs:0x28

// Offsets in struct thread; T_rax and so on are those of its registers.
    .set T_next, 0x10
    .irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15, rip, \
                   rflags, rsp
    .set T_\register, T_next
    .set T_next, T_next + 8
    .endr
#define T_FULL 0xa0
#define T_DEADLINE 0xf8 // call.deadline

#define USER_RFLAGS 0x202 // interrupts on, nothing else

#define MEMORY_CALL_FIRST 32 // memory_create, and those behind it that answer with a status alone
#define MEMORY_CALLS 6

// Stores, loads, pushes or pops registers, in the order in which they are named.
    .macro STORE thread, registers:vararg
    .irp register, \registers
    movq %\register, T_\register(%\thread)
    .endr
    .endm
    .macro LOAD thread, registers:vararg
    .irp register, \registers
    movq T_\register(%\thread), %\register
    .endr
    .endm
    .macro PUSH registers:vararg
    .irp register, \registers
    pushq %\register
    .endr
    .endm
    .macro POP registers:vararg
    .irp register, \registers
    popq %\register
    .endr
    .endm

    .section .text.entry, "ax"

// --- system calls --------------------------------------------------------------------------------
// rcx: return address, r11: flags, eax: number, the rest as in include/abi/message.h.
//
// The two fast calls are C functions (message/fast.c) that take, in the registers of clang's
// regcall: rax deadline, rcx return address, rdx the program's rsp, rdi handle, rsi tag, and r8 and
// r9 as 0. A parcel's descriptor rides in r8. They leave rbx and r12 to r15 alone, and end by
// jumping to message_leave with the next thread's rax, rcx, rdx (its rsp), rdi and rsi, or to the
// slow path, with rip, rsp and deadline stored in the thread's block.
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
    jnz system_call_memory
    decq HART_TOKENS // null: the cheapest call; spends a token like every other
    js system_call_slow
    xorl %edi, %edi
    xorl %esi, %esi
    swapgs
    sysretq

// Calls on memory switch to no other thread: nothing of this one is stored, and it goes on.
system_call_memory:
    leal -MEMORY_CALL_FIRST(%rax), %r11d
    cmpl $MEMORY_CALLS, %r11d
    jae system_call_slow
    decq HART_TOKENS
    js system_call_slow
    movq %rsp, %r10
    movq HART_KERNEL_STACK, %rsp
    pushq %r10
    pushq %rcx
    movq %rdx, %rcx
    movq %rsi, %rdx
    movq %rdi, %rsi
    movq HART_CURRENT, %rdi
    call *memory_calls(, %r11, 8)
    movzwl %ax, %eax // status
    popq %rcx
    popq %rsp
    .irp register, edx, esi, edi, r8d, r9d
    xorl %\register, %\register
    .endr
    jmp 2f

system_call_carries: // a parcel and nothing else?
    testq %rdx, %rdx
    jz system_call_slow
    movq %r8, %r11
    orq %r9, %r11
    orq HART_TRACE_SPECIAL, %r11
    jnz system_call_slow
    movq %r10, %rax
    movq %rdx, %r8
    movq %rsp, %rdx
    movq HART_KERNEL_STACK, %rsp
    jmp __regcall3__message_carry_fast

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
1:  xorl %ebp, %ebp
2:  xorl %r10d, %r10d
    movl $USER_RFLAGS, %r11d
    swapgs
    sysretq

    .globl __regcall3__message_carry_slow
__regcall3__message_carry_slow:
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
2:  movq T_rip(%r11), %rcx
    movq T_rsp(%r11), %rsp

system_call_slow:
    movq HART_CURRENT, %r11
    movq %rsp, T_rsp(%r11)
    movq HART_KERNEL_STACK, %rsp
    movq %rcx, T_rip(%r11)
    STORE r11, rax, r10, rdx, rsi, rdi, r8, r9, rbx, rbp, r12, r13, r14, r15
    movl $0, T_FULL(%r11)
    movq %r11, %rdi
    xorl %ebp, %ebp
    call system_call_arrive

// --- leaving -------------------------------------------------------------------------------------
// Runs the current thread on from its stored registers. Reached with this hart's stack in any
// state.
    .globl thread_resume
thread_resume:
    movq HART_CURRENT, %rdi
    LOAD rdi, rax, rdx, rsi, r8, r9, r10, rbx, rbp, r12, r13, r14, r15
    cmpl $0, T_FULL(%rdi)
    jne 1f
    movq T_rip(%rdi), %rcx
    movl $USER_RFLAGS, %r11d
    movq T_rsp(%rdi), %rsp
    movq T_rdi(%rdi), %rdi
    swapgs
    sysretq
1:  movq HART_KERNEL_STACK, %rsp
    pushq $SELECTOR_USER_DATA
    pushq T_rsp(%rdi)
    pushq T_rflags(%rdi)
    pushq $SELECTOR_USER_CODE
    pushq T_rip(%rdi)
    LOAD rdi, rcx, r11, rdi
    swapgs
    iretq

// --- interrupts and exceptions -------------------------------------------------------------------
// A stub for each vector, 16 bytes apart: pushes an error code, 0 where the processor pushes none,
// and the vector.
    .globl entry_stubs
    .p2align 4
entry_stubs:
    .set vector, 0
    .rept 256
    .p2align 4
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq $0
    .endif
    pushq $vector
    .if vector == 2 || vector == 8 || vector == 18
    jmp entry_abort
    .elseif vector == 14
    jmp entry_page_fault
    .else
    jmp entry_interrupt
    .endif
    .set vector, vector + 1
    .endr

    .section .rodata
    .p2align 3
memory_calls: // by number (include/abi/system_calls.h)
    .quad system_memory_create, system_memory_free, system_memory_clone, system_memory_protect
    .quad system_slot_prepare, system_slot_release

    .section .text.entry, "ax"
    .p2align 6
// Most page faults of programs are answered with memory that they were granted: the thread stays
// the current one and nothing of it is stored. Stack: as below.
entry_page_fault:
    testb $3, 24(%rsp)
    jz kernel_interrupted
    swapgs
    PUSH rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    movq 80(%rsp), %rdi // error code
    cld
    call page_fault_resolve
    testb %al, %al
    POP r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
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
    popq T_rdi(%rdi)
    STORE rdi, rax, rcx, rdx, rsi, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
    popq %rsi // vector
    popq %rdx // error code
    popq T_rip(%rdi)
    popq %rax // cs
    popq T_rflags(%rdi)
    popq T_rsp(%rdi)
    movl $1, T_FULL(%rdi)
    movq HART_KERNEL_STACK, %rsp
    cld
    xorl %ebp, %ebp
    call program_interrupted
    jmp thread_resume

// The hart was idle, or the kernel is at fault: the state stays on the stack, as struct registers.
kernel_interrupted:
    pushq 0x28(%rsp) // rsp
    pushq 0x28(%rsp) // rflags
    pushq 0x20(%rsp) // rip
    PUSH r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
    movq %rsp, %rdi
    movq 0x90(%rsp), %rsi // vector
    movq 0x98(%rsp), %rdx // error code
    movq %rsp, %rbx
    andq $-16, %rsp
    cld
    call kernel_interrupted_arrive
    movq %rbx, %rsp
    POP rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
    addq $0x28, %rsp
    iretq

// Double fault, NMI, machine check: on a stack of their own, and at any moment, so the GS base may
// still be the program's. The kernel's has its top bit set (Intel SDM vol. 3A section 5.8.8).
entry_abort:
    PUSH rax, rcx, rdx
    movl $0xc0000101, %ecx // IA32_GS_BASE
    rdmsr
    testl %edx, %edx
    POP rdx, rcx, rax
    js kernel_interrupted
    swapgs
    jmp kernel_interrupted
