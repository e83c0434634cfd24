// From the boot loader to C.
//
// The loader jumps to boot_entry in 32-bit protected mode without paging and with interrupts off
// (Multiboot2 section 3.3). This code checks that the processor can run the kernel, maps the first
// 4 GiB three times (where they are, at LAYOUT_DIRECT_MAP, and their first 1 GiB at LAYOUT_IMAGE),
// switches to long mode and calls boot_start in the upper half. The tables built here serve until
// boot_start has made the real ones; then everything in .boot is free memory.

#include "hal/x86_64/layout.h"

#define PAGE 4096
#define STACK_SIZE 16384           // KERNEL_STACK_SIZE
#define LOADER_MAGIC 0x36d76289    // Multiboot2 section 3.3
#define HEADER_MAGIC 0xe85250d6    // Multiboot2 section 3.1.1
#define HEADER_OPTIONAL 1          // a loader that does not know the tag may ignore it

#define CPUID_LONG_MODE (1 << 29)  // leaf 0x80000001, edx: Intel SDM vol. 2A, CPUID
#define CPUID_NO_EXECUTE (1 << 20)
#define TABLE 3                    // present, writable
#define LARGE_PAGE 0x83            // present, writable, 2 MiB

    .section .boot.header, "a"
    .balign 8
header:
    .long HEADER_MAGIC, 0, header_end - header, -(HEADER_MAGIC + header_end - header)
    .balign 8
    // Console: EGA text is understood (section 3.1.9), and a framebuffer of any size (section
    // 3.1.10), which UEFI's loaders give only to who asks. Text is cheaper: see grub.cfg.
    .short 4, HEADER_OPTIONAL
    .long 12, 2
    .balign 8
    .short 5, HEADER_OPTIONAL
    .long 20, 0, 0, 0
    .balign 8
    .short 6, 0                    // modules on page boundaries (section 3.1.11)
    .long 8
    .balign 8
    .short 0, 0
    .long 8
header_end:

    .section .boot.text, "ax"
    .code32
    .globl boot_entry
boot_entry:
    cld
    movl $boot_low_stack_top, %esp
    movl %ebx, %ebp                // the tags; CPUID overwrites ebx
    movl $no_loader, %esi
    cmpl $LOADER_MAGIC, %eax
    jne stop

    movl $no_long_mode, %esi
    call has_cpuid
    jz stop
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb stop
    movl $0x80000001, %eax
    cpuid
    testl $CPUID_LONG_MODE, %edx
    jz stop
    movl $no_no_execute, %esi
    testl $CPUID_NO_EXECUTE, %edx
    jz stop

    call make_tables
    ENTER_LONG_MODE $boot_level4, gdt_pointer
    ljmp $SELECTOR_KERNEL_CODE, $long_mode

// Clears ZF if the processor has CPUID: if the ID flag can be changed (Intel SDM vol. 1 section
// 20.1).
has_cpuid:
    pushfl
    popl %eax
    movl %eax, %ecx
    xorl $1 << 21, %eax
    pushl %eax
    popfl
    pushfl
    popl %eax
    pushl %ecx
    popfl
    xorl %ecx, %eax
    testl $1 << 21, %eax
    ret

// The loader has cleared the tables, as it does with all memory that the file does not fill.
make_tables:
    movl $boot_level2, %edi
    movl $LARGE_PAGE, %eax
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $2 << 20, %eax
    jnc 1b                         // past 4 GiB it carries
    movl $boot_level3, %edi
    movl $boot_level2 + TABLE, %eax
    movl %eax, boot_level3_image + 510 * 8  // LAYOUT_IMAGE
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $PAGE, %eax
    cmpl $boot_level3 + 4 * 8, %edi
    jb 1b
    movl $boot_level3 + TABLE, %eax
    movl %eax, boot_level4
    movl %eax, boot_level4 + 256 * 8        // LAYOUT_DIRECT_MAP
    movl $boot_level3_image + TABLE, boot_level4 + 511 * 8
    ret

// Says why there is no way on (esi), on the text screen and the first serial port, and stops.
stop:
    movl $serial_set_up, %ebx
1:  movzwl (%ebx), %edx            // register, value pairs
    movb %dh, %al
    movb $0x03, %dh
    outb %al, %dx
    addl $2, %ebx
    cmpl $serial_set_up_end, %ebx
    jb 1b
    movl $0xb8000, %edi
1:  lodsb
    testb %al, %al
    jz 3f
    movb $0x4f, %ah                // white on red
    stosw
    movb %al, %bl
    movl $0x10000, %ecx            // no longer than this: the port may not exist
    movw $0x3fd, %dx
2:  inb %dx, %al
    testb $0x20, %al
    loopz 2b
    movb %bl, %al
    movw $0x3f8, %dx
    outb %al, %dx
    jmp 1b
3:  cli
    hlt
    jmp 3b

// Low byte of the port (0x300 + that) and the value: 115200 baud, 8 bits, one stop bit.
serial_set_up:
    .byte 0xf9, 0x00, 0xfb, 0x80, 0xf8, 0x01, 0xf9, 0x00, 0xfb, 0x03
serial_set_up_end:

no_loader:
    .asciz "Baton was not started by a Multiboot2 boot loader.\r\n"
no_long_mode:
    .asciz "Baton needs a 64-bit x86 processor; this one is not.\r\n"
no_no_execute:
    .asciz "Baton needs a processor with the no-execute bit (NX), switched on.\r\n"

    .balign 8
gdt_pointer:
    .short 3 * 8 - 1
    .long boot_gdt_physical

    .code64
long_mode:
    movl %ebp, %edi
    movq $start_high, %rax
    jmpq *%rax

    .section .boot.bss, "aw", @nobits
    .balign PAGE
boot_level4:
    .skip PAGE
boot_level3:
    .skip PAGE
boot_level3_image:
    .skip PAGE
boot_level2:
    .skip 4 * PAGE
    .skip 64
boot_low_stack_top:

    .text
    .globl start_high
start_high:                        // where all harts come to, from the trampoline, too
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq start_stack(%rip), %rsp
    xorl %ebp, %ebp                // backtraces end here
    pushq $0
    jmpq *start_entry(%rip)        // as if called, with no way back

    .data
    .balign 8
    .globl start_stack, start_entry
start_stack:
    .quad boot_stack_top
start_entry:
    .quad boot_start

    .section .bss.pages, "aw", @nobits
    .balign PAGE
    .globl boot_stack_guard, boot_stack_top
boot_stack_guard:
    .skip PAGE
    .skip STACK_SIZE
boot_stack_top:
