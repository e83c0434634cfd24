// A program's first instructions. rdi: address of the start page; rsp: top of the stack. Nothing is
// relocated yet.
    .section .text._start, "ax", @progbits
    .globl _start
    .hidden _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    and $-16, %rsp
    call start_program
    ud2
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
