// The crash report. The first hart to crash reports; others that crash meanwhile wait to be
// stopped. A crash within the report says so in a line and ends the machine; a third time it just
// ends it. Nothing here takes a lock, allocates, or trusts a pointer that it can look up first.
#include "debug/crash.h"

#include "debug/log_crash.h"
#include "debug/program.h"
#include "hal/hal.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "hart/hart.h"

static constexpr unsigned FRAMES = 40;      // of a backtrace
static constexpr size_t LAST_BYTES = 800;   // of the log, shown before the report
static constexpr uint32_t NOBODY = 0;

static _Atomic uint32_t reporter = NOBODY; // index of the reporting hart, plus one
static unsigned depth;                     // of crashes within the report

[[gnu::format(printf, 1, 2)]] static void print(const char *format, ...) {
    char text[640];
    va_list arguments;
    va_start(arguments, format);
    size_t length = text_format_list(text, sizeof text, format, arguments);
    va_end(arguments);
    log_emit(LOG_ERROR, text, length < sizeof text ? length : sizeof text - 1);
}

static uint32_t hart_number(void) {
    const struct hart *hart = hal_hart_here();
    return hart != nullptr && paging_is_mapped((uint64_t)hart) ? hart->index : 0;
}

// The terminal may have been a program's, so it has not seen them; first, because the end of the
// report is what stays on a small screen.
static void print_last_lines(void) {
    char text[LAST_BYTES];
    uint64_t end = log_written(), offset = end > sizeof text ? end - sizeof text : 0;
    size_t length = log_read(&offset, text, sizeof text);
    const char *start = memchr(text, '\n', length);
    start = start != nullptr && offset > 0 ? start + 1 : text;
    hal_output(OUTPUT_TERMINAL, "\n--- the log's last lines\n", 26);
    hal_output(OUTPUT_TERMINAL, start, length - (size_t)(start - text));
}

// A hart that was never started must not be sent anything: an emulator would start it.
static unsigned others_online(void) {
    unsigned online = 0;
    for (unsigned i = 0; i < hart_count; i++)
        online += harts[i] != nullptr && paging_is_mapped((uint64_t)harts[i]) && harts[i]->online;
    return online > 0 ? online - 1 : 0;
}

// The report stays on the screen of a machine that is no emulator.
[[noreturn]] static void leave(void) {
    hal_end(SYSTEM_EXIT, true);
    hal_halt();
}

// Begins the report. Only the reporter comes back from here, the other harts standing still.
static void begin(const char *what) {
    uint32_t nobody = NOBODY, me = hart_number() + 1;
    if (!__c11_atomic_compare_exchange_strong(&reporter, &nobody, me, __ATOMIC_ACQ_REL,
                                              __ATOMIC_ACQUIRE) &&
        nobody != me)
        hal_halt();
    depth++;
    if (depth == 2)
        print("\n*** crashed again while reporting: %s\n", what);
    if (depth >= 2)
        leave();
    log_break_lock();
    hal_terminal_yield(false);
    hal_harts_stop(others_online());
    print_last_lines();
    print("\n*** system crash on hart %u: %s\n", hart_number(), what);
}

// Recursion would fill the screen with one line: what repeats is counted.
static void print_backtrace(uint64_t frame_pointer) {
    uint64_t addresses[FRAMES];
    unsigned count = hal_backtrace(frame_pointer, addresses, FRAMES);
    for (unsigned i = 0, next; i < count; i = next) {
        char name[80];
        for (next = i + 1; next < count && addresses[next] == addresses[i];)
            next++;
        symbol_describe(addresses[i], name, sizeof name);
        if (next - i > 1)
            print("  %016lx %s, %u times\n", addresses[i], name, next - i);
        else
            print("  %016lx %s\n", addresses[i], name);
    }
}

// The page below a stack is not mapped: a fault there means that the stack is full.
static void print_stack_overflow(uint64_t address) {
    const struct hart *hart = hal_hart_here();
    if (hart == nullptr)
        return;
    uint64_t bottom = hart->kernel_stack - KERNEL_STACK_SIZE;
    if (address < bottom && bottom - address <= PAGE_SIZE)
        print("the kernel stack is full\n");
}

static void print_hart(const struct hart *hart) {
    if (hart == nullptr || !paging_is_mapped((uint64_t)hart))
        return;
    const struct thread *thread = hart->current;
    if (thread == nullptr || !paging_is_mapped((uint64_t)thread))
        print("hart %u: %s, no thread\n", hart->index, hart->online ? "online" : "not started");
    else
        print("hart %u: thread %p of %.16s (%u)\n", hart->index, (const void *)thread,
              program_name(thread), program_number(thread));
}

static void print_machine(void) {
    char text[320];
    hal_control_text(text, sizeof text);
    print("%s", text);
    for (unsigned i = 0; i < hart_count; i++)
        print_hart(harts[i]);
}

[[noreturn]] static void finish(void) {
    print_machine();
    print("*** the system has ended\n");
    leave();
}

void crash(const char *file, int line, const char *format, ...) {
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    text_format_list(what, sizeof what, format, arguments);
    va_end(arguments);

    begin(what);
    print("at %s:%d\n", file, line);
    print_backtrace((uint64_t)__builtin_frame_address(0));
    finish();
}

void crash_exception(const struct registers *registers, unsigned vector, uint64_t error,
                     uint64_t address) {
    char name[80], text[512];
    begin(hal_exception_name(vector));
    print("exception %u, error 0x%lx\n", vector, error);
    print_stack_overflow(address);
    symbol_describe(registers->rip, name, sizeof name);
    if (vector == VECTOR_PAGE_FAULT)
        print("%s 0x%lx: %s\n", hal_fault_access(error), address, hal_fault_cause(error));
    print("at %016lx %s\n", registers->rip, name);
    hal_registers_text(registers, text, sizeof text);
    print("%s", text);
    print_backtrace(registers->rbp);
    finish();
}
