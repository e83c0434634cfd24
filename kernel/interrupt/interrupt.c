#include "interrupt/interrupt.h"

#include "debug/crash.h"
#include "debug/log.h"
#include "debug/trace.h"
#include "hart/schedule.h"
#include "interrupt/exception.h"
#include "interrupt/line.h"

LOG_MODULE(LOG_INTERRUPT);

static constexpr uint64_t EXCEPTIONS = 32;

static void vector_unexpected(struct hart *hart, uint64_t vector) {
    if (hart->counters.spurious++ == 0)
        log_warning("unexpected interrupt, vector %lu; further ones are only counted", vector);
}

// Controllers deliver for no reason, too, and have nothing in service then: the local APIC a vector
// of its own, the legacy ones, whose lines are all masked, their line 7.
static bool is_spurious(uint64_t vector) {
    return vector == VECTOR_SPURIOUS || vector < VECTOR_LINES;
}

static void interrupt_take(uint64_t vector) {
    struct hart *hart = hart_self();
    hart->counters.interrupts++;
    if (is_spurious(vector)) {
        hart->counters.spurious++;
        return;
    }
    trace(TRACE_INTERRUPT, hart->current, 0, 0, vector, 0);
    switch (vector) {
    case VECTOR_TIMER:
        hal_interrupt_end();
        watchdog_tick(hart);
        return;
    case VECTOR_WAKE:
    case VECTOR_FLUSH: // the way out looks at what others asked for
        hal_interrupt_end();
        return;
    default:
        if (!line_arrive(vector))
            vector_unexpected(hart, vector);
        hal_interrupt_end();
    }
}

void program_interrupted(struct thread *thread, uint64_t vector, uint64_t error) {
    if (vector < EXCEPTIONS)
        exception_of_program(thread, vector, error);
    else
        interrupt_take(vector);
    hart_exit();
}

void kernel_interrupted_arrive(struct registers *registers, uint64_t vector, uint64_t error) {
    if (vector == VECTOR_NMI && hal_harts_stopping()) {
        hart_self()->stopped = registers; // for the crash report
        hal_halt();
    }
    if (vector < EXCEPTIONS)
        crash_exception(registers, (unsigned)vector, error, hal_fault_address());
    __c11_atomic_store(&hart_self()->idle, false, __ATOMIC_SEQ_CST); // it looks things up again
    interrupt_take(vector);
}
