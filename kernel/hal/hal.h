// The whole contract with the processor. Everything else in the kernel is written against this
// header; kernel/hal/x86_64/ implements it. Inline parts come from <arch.h>, which a host test
// replaces by its own.
//
// <arch.h> provides: paddr_t; physical_to_virtual(), virtual_to_physical(); hal_ticks();
// hal_pause(); struct registers (a thread's saved state); struct hart_arch; hart_self();
// HART_FIELD(field), HART_GET(field) and HART_SET(field, value) for fields of this hart's block;
// hal_page_flush(uaddr); hal_space_load(root), hal_space_load_tagged(root, tag, keep),
// hal_space_switch(root), hal_space_flush(); page-table entry bits (ENTRY_*).
#pragma once

#include <abi/status.h>
#include <abi/system_calls.h>
#include <abi/types.h>

#include "hal/boot.h"
#include <arch.h>

struct hart;

// The struct that a field stands in, by the field's address.
#define CONTAINER_OF(address, type, field) ((type *)((uint8_t *)(address) - offsetof(type, field)))

// --- harts ---------------------------------------------------------------------------------------

// Harts that ACPI lists as usable (at least 1). The boot hart has index 0. Valid after
// hal_platform_start. At most HART_LIMIT; further ones are named in the log and left out.
unsigned hal_hart_count(void);

// Makes a hart's stacks: its ordinary one (hart->kernel_stack is its top) and those of double
// fault, NMI and machine check. Only on the boot hart. False if no frame is left.
bool hal_hart_stacks(struct hart *hart);

// Brings the running processor to the state that the kernel needs, with `hart` as its block: GDT,
// TSS and IST stacks, IDT, system-call registers, control bits (NX, WP, SMEP, SMAP, UMIP, global
// pages) and its local APIC. After hal_hart_stacks.
void hal_hart_initialize(struct hart *hart);

// Starts a listed hart: INIT and start-up IPIs, then `entry(hart)` runs there on hart->kernel_stack
// with the kernel's root loaded, after hal_hart_initialize. False if it has not come up in 200 ms.
bool hal_hart_start(struct hart *hart, void (*entry)(struct hart *hart));

// Interrupts another hart; it comes by interrupt_arrive (interrupt/interrupt.h) with this vector.
void hal_hart_interrupt(struct hart *hart, uint8_t vector);

// What hal_space_switch calls where translations are tagged (memory/tlb.c): loads hart->space.
[[clang::preserve_most]] void tlb_switch(void);

// The running hart's block, at any time: nullptr before hal_hart_initialize.
struct hart *hal_hart_here(void);

// Stops all other harts for good (by NMI), so many of them, and lets them save their registers for
// the crash report.
void hal_harts_stop(unsigned others);

// Whether hal_harts_stop has been called: an NMI then means "save your state and halt".
bool hal_harts_stopping(void);

// Enables interrupts, sleeps until one has been handled, disables them again.
void hal_idle(void);

// --- platform: clocks, interrupt controllers -----------------------------------------------------

// Once, on the boot hart, with memory working: ACPI tables, legacy controllers remapped to 32-47
// and masked, I/O APICs all masked, clock calibrated.
void hal_platform_start(const struct boot_info *boot);

// Where ACPI's root table (RSDT or XSDT) lies, 0 if there is none: for who can use more of it.
paddr_t hal_firmware_tables(void);

// Ticks of hal_ticks() in a second, and what calibrating them took.
uint64_t hal_ticks_per_second(void);
uint64_t hal_calibration_ticks(void);

// One-shot timer of this hart: VECTOR_TIMER arrives at or soon after the deadline.
void hal_timer_arm(ticks_t deadline);

// Interrupt lines, by global system interrupt. Find makes one of what a driver calls its line: an
// ISA number (0-15, overrides of the MADT applied) or a global system interrupt above; false if
// there is no such line. Configure leaves it masked, and delivered to the boot hart by this vector.
bool hal_irq_find(uint32_t *line);
void hal_irq_configure(uint32_t line, uint32_t irq_flags, uint8_t vector);
void hal_irq_mask(uint32_t line, bool masked);

// Tells the local APIC that the interrupt in service has been taken.
void hal_interrupt_end(void);

// I/O ports; width 1, 2 or 4 bytes.
uint32_t hal_io_read(uint16_t port, unsigned width);
void hal_io_write(uint16_t port, unsigned width, uint32_t value);

// Level of the largest pages that can be mapped: 2, or 3.
unsigned hal_largest_page_level(void);

// Text of the processor's brand.
void hal_processor_name(char name[48]);

// --- output and end ------------------------------------------------------------------------------

enum hal_output : uint8_t {
    OUTPUT_TERMINAL, // first serial port, and the screen while no program owns it
    OUTPUT_LOG,      // second serial port; nothing happens where there is none
};

// Writes at once, polling; works before hal_platform_start and in a crash.
void hal_output(enum hal_output output, const char *text, size_t length);

// Waits, for some milliseconds at most, until all of it has left the machine.
void hal_output_drain(void);

// The first serial port and the screen belong to a program from now on (true), or to the kernel.
void hal_terminal_yield(bool to_program);

// Leaves an emulator through isa-debug-exit (0x31 in order, 0x33 after a crash), or resets the
// machine. Returns where there is no emulator to leave.
void hal_end(enum system_end how, bool crashed);

// Stops this hart for good: nothing but an NMI can wake it.
[[noreturn]] void hal_halt(void);

// Two frames deep at least, from a frame pointer of the kernel on; returns how many were found.
unsigned hal_backtrace(uint64_t frame_pointer, uint64_t *addresses, unsigned limit);

// Text for a crash report: a thread's registers, this hart's control registers (several lines, each
// ended by a line feed), the name of an exception.
void hal_registers_text(const struct registers *registers, char *text, size_t size);
void hal_control_text(char *text, size_t size);
const char *hal_exception_name(unsigned vector);

// What a page fault's error code says: "reading", "writing" or "executing", and why.
const char *hal_fault_access(uint64_t error);
const char *hal_fault_cause(uint64_t error);
