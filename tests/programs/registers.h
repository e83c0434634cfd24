// A system call with all registers, integer and vector ones, filled before and kept afterwards.
#pragma once

#include <baton/message.h>

struct all_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t reserved;
    uint64_t xmm[16][2];
};

[[gnu::naked, gnu::unused]] static void registers_exchange(struct all_registers *)
{
    __asm__("push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n\t"
            ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
            "movups 128+16*\\n(%rdi), %xmm\\n\n\t"
            ".endr\n\t"
            "mov 0(%rdi), %rax; mov 8(%rdi), %rbx; mov 24(%rdi), %rdx; mov 32(%rdi), %rsi\n\t"
            "mov 48(%rdi), %rbp; mov 56(%rdi), %r8; mov 64(%rdi), %r9; mov 72(%rdi), %r10\n\t"
            "mov 88(%rdi), %r12; mov 96(%rdi), %r13; mov 104(%rdi), %r14; mov 112(%rdi), %r15\n\t"
            "mov 40(%rdi), %rdi\n\t"
            "syscall\n\t"
            "push %rdi; mov 8(%rsp), %rdi\n\t"
            "mov %rax, 0(%rdi); mov %rbx, 8(%rdi); mov %rcx, 16(%rdi); mov %rdx, 24(%rdi)\n\t"
            "mov %rsi, 32(%rdi); mov %rbp, 48(%rdi); mov %r8, 56(%rdi); mov %r9, 64(%rdi)\n\t"
            "mov %r10, 72(%rdi); mov %r11, 80(%rdi); mov %r12, 88(%rdi); mov %r13, 96(%rdi)\n\t"
            "mov %r14, 104(%rdi); mov %r15, 112(%rdi); pop %rax; mov %rax, 40(%rdi)\n\t"
            ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
            "movups %xmm\\n, 128+16*\\n(%rdi)\n\t"
            ".endr\n\t"
            "pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
            "ret");
}

// The vectors get a pattern that says whose they are.
[[gnu::unused]] static void registers_fill(struct all_registers *r, uint64_t pattern)
{
    for (unsigned i = 0; i < 16; i++)
        r->xmm[i][0] = r->xmm[i][1] = pattern * 0x1'0001 + i;
    r->rbp = pattern;
}

[[gnu::unused]] static status_t registers_call(struct all_registers *r)
{
    registers_exchange(r);
    return (status_t)(int16_t)r->rax;
}

// How many of the registers that carry nothing in a received message are not 0.
[[gnu::unused]] static uint64_t registers_other(const struct all_registers *r)
{
    return (r->rbp != 0) + (r->r10 != 0) + (r->rdx != 0) + (r->r8 != 0) + (r->r9 != 0) +
           (r->r11 != 0x202);
}

// Whether vector registers hold what neither their owner put there nor is 0.
[[gnu::unused]] static uint64_t vectors_other(const struct all_registers *r)
{
    uint64_t other = 0;
    for (unsigned i = 0; i < 16; i++)
        other += r->xmm[i][0] != 0 || r->xmm[i][1] != 0;
    return other;
}

[[gnu::unused]] static void registers_to_message(const struct all_registers *r,
                                                 struct message *message)
{
    *message = (struct message){
        .tag = r->rsi,
        .word = {r->rbx, r->r12, r->r13, r->r14, r->r15},
        .parcel = r->rdx,
        .handle = {(handle_t)r->r8, (handle_t)(r->r8 >> 32), (handle_t)r->r9,
                   (handle_t)(r->r9 >> 32)},
    };
}
