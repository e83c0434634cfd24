#include "kernel.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "debug/trace.h"
#include "hal/vector.h"
#include "hart/module.h"
#include "interrupt/line.h"
#include "message/system_call.h"

uint64_t host_ticks = 1000, host_fault_address;
unsigned crash_reports;

static jmp_buf asleep, resumed;

// --- what a processor does -----------------------------------------------------------------------

void hal_idle(void) { longjmp(asleep, 1); }

// A hart whose work waits for others lets them come by, sooner or later.
static unsigned admitted;
void hal_interrupts_admit(void) {
    if (++admitted == 1000)
        longjmp(asleep, 2);
}

bool hal_token_spend(void) { return --machine_hart->tokens >= 0; }
void hal_timer_arm(ticks_t deadline) { (void)deadline; }
uint64_t hal_ticks_per_second(void) { return 100'000; } // a watchdog period is 1000 ticks
void hal_vector_clear(void) {}
void hal_vector_save(void *area) { (void)area; }
uint64_t hal_vector_control(void) { return 0; }
uint32_t hal_vector_size(void) { return 64; }
void hal_vector_enable(void) {}
unsigned vectors_loaded;
void hal_vector_load(const void *area) { vectors_loaded += area != nullptr; }
void hal_vector_control_load(uint64_t control) { (void)control; }
void thread_resume(void) { longjmp(resumed, 1); }

// --- what messages do not need -------------------------------------------------------------------

void module_program_ended(const struct process *process) { (void)process; }

void crash_report_program(const struct thread *thread, unsigned vector, uint64_t error,
                          uint64_t address) {
    (void)thread, (void)vector, (void)error, (void)address;
    crash_reports++;
}

void line_close(struct line *line) { (void)line; }
uint64_t trace_number(void) { return 0; }

void trace_record(enum trace_kind kind, const struct thread *thread, uint32_t peer, uint64_t number,
                  uint64_t a, uint64_t b) {
    (void)kind, (void)thread, (void)peer, (void)number, (void)a, (void)b;
}

void trace_record_message(enum trace_kind kind, const struct thread *thread,
                          const struct thread *peer, uint64_t number,
                          const struct registers *message) {
    (void)kind, (void)thread, (void)peer, (void)number, (void)message;
}

// --- harts ---------------------------------------------------------------------------------------

void kernel_start(unsigned count) {
    machine_start(32, count);
    for (unsigned i = 0; i < count; i++)
        hart_prepare(memory_harts[i], i);
    hart_count = count;
    processes_initialize(machine_free());
}

void kernel_hart(unsigned hart) { machine_switch(hart); }

struct thread *kernel_run(void) {
    admitted = 0;
    int left = setjmp(asleep);
    if (left == 0)
        hart_exit();
    else
        machine_hart->idle = left == 1;
    return machine_hart->current;
}

void kernel_settle(void) {
    struct hart *self = machine_hart;
    for (unsigned round = 0; round < 8; round++)
        for (unsigned i = 0; i < hart_count; i++) {
            machine_hart = harts[i];
            machine_hart->idle = false;
            (void)kernel_run();
        }
    machine_hart = self;
    machine_hart->idle = false;
}

void kernel_wait(uint64_t ticks) {
    struct hart *self = machine_hart;
    host_ticks += ticks;
    for (unsigned i = 0; i < hart_count; i++) {
        machine_hart = harts[i];
        machine_hart->idle = false;
        watchdog_tick(machine_hart);
    }
    machine_hart = self;
}

void kernel_enter(void (*handler)(struct thread *thread), struct thread *thread) {
    if (setjmp(resumed) == 0)
        handler(thread);
}

// --- programs ------------------------------------------------------------------------------------

struct process *program_start(struct thread **thread) {
    static const char name[16] = "program";
    struct process *process;
    if (process_create(&kernel_process, 600, name, &process) != OK ||
        thread_create(process, 0x40'0000, 0x80'0000, 0, thread) != OK ||
        thread_start(*thread) != OK)
        abort();
    object_release(&(*thread)->object);
    return process;
}

void program_end(struct process *process) {
    process_end(process, END_KILLED, 0, 0, 0);
    process_release(process);
    kernel_settle();
}

void program_run(struct thread *thread) {
    for (unsigned turns = 0; turns < 100; turns++) {
        if (machine_hart->current == thread)
            return;
        if (machine_hart->current != nullptr)
            hart_requeue(machine_hart);
        (void)kernel_run();
    }
    printf("the thread does not run\n");
    abort();
}

static void arguments(struct thread *thread, uint64_t rdi, uint64_t tag, parcel_t parcel,
                      ticks_t deadline) {
    struct registers *r = &thread->registers;
    *r = (struct registers){.rdi = rdi, .rsi = tag, .rdx = parcel, .r10 = deadline, .rbx = 1,
                            .r12 = 2, .r13 = 3, .r14 = 4, .r15 = 5, .rbp = 99, .rcx = 98,
                            .r11 = 97, .rip = r->rip, .rsp = r->rsp};
}

void program_call(struct thread *thread, handle_t port, uint64_t tag, parcel_t parcel,
                  ticks_t deadline) {
    program_run(thread);
    arguments(thread, port, tag, parcel, deadline);
    message_call(thread);
}

void program_receive(struct thread *thread, handle_t port, ticks_t deadline) {
    program_run(thread);
    arguments(thread, port, 0, 0, deadline);
    message_receive(thread);
}

void program_reply(struct thread *thread, handle_t reply, uint64_t tag) {
    program_run(thread);
    arguments(thread, reply, tag, 0, 0);
    message_reply(thread);
}

void program_reply_receive(struct thread *thread, handle_t port, uint64_t tag) {
    program_run(thread);
    arguments(thread, port, tag, 0, 0);
    kernel_enter(message_reply_receive, thread);
}

handle_t program_keep(struct thread *thread) {
    program_run(thread);
    message_reply_keep(thread);
    return (handle_t)thread->registers.rdi;
}

void program_begin(struct thread *thread, handle_t call, handle_t port, uint64_t tag,
                   parcel_t parcel, ticks_t deadline) {
    program_run(thread);
    arguments(thread, port, tag, parcel, deadline);
    thread->registers.rax = CALL_begin | (uint64_t)call << 32;
    message_begin(thread);
}

void program_cancel(struct thread *thread, handle_t call) {
    program_run(thread);
    thread_result(thread, (uint16_t)system_cancel(thread, program_object(thread, call)));
}
