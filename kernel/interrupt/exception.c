#include "interrupt/exception.h"

#include "debug/crash.h"
#include "debug/log.h"
#include "debug/trace.h"
#include "hal/vector.h"
#include "hart/process.h"
#include "memory/fault_fast.h"
#include "message/touch.h"

LOG_MODULE(LOG_INTERRUPT);

// Page-fault error code: Intel SDM vol. 3A section 4.7.
static constexpr uint64_t FAULT_WRITE = 1 << 1;
static constexpr uint64_t FAULT_RESERVED = 1 << 3;
static constexpr uint64_t FAULT_FETCH = 1 << 4;
static constexpr uint32_t STATUS_CRASHED = 126;

void exception_end(struct thread *thread, uint64_t vector, uint64_t error, uint64_t address) {
    crash_report_program(thread, (unsigned)vector, error, address);
    process_end(thread->process, END_FAULTED, STATUS_CRASHED, (uint8_t)vector, address);
}

// The thread touched what its process has lent: it runs on when a loan comes home, and tries again.
static void lent_wait(struct thread *thread) {
    struct process *process = thread->process;
    spinlock_acquire(&process->lock);
    bool waits = __c11_atomic_load(&process->loans, __ATOMIC_ACQUIRE) != 0 &&
                 process->state < PROCESS_ENDING;
    if (waits) {
        hart_leave_involuntarily(hart_self());
        thread->next = process->lent_waiters;
        process->lent_waiters = thread;
    }
    spinlock_release(&process->lock);
}

static uint8_t access_of(uint64_t error) {
    return (uint8_t)((error & FAULT_WRITE ? ACCESS_WRITE : 0) |
                     (error & FAULT_FETCH ? ACCESS_EXECUTE : 0));
}

// A thread that has only touched memory leaves the kernel as it came: what others ask of this hart
// comes by interrupts.
bool page_fault_resolve(uint64_t error) {
    struct thread *thread = HART_GET(current);
    uint64_t address = hal_fault_address();
    trace(TRACE_FAULT, thread, 0, 0, address, error);
    if (error & FAULT_RESERVED)
        panic("page table of %s damaged at 0x%lx", thread->process->name, address);
    uint64_t cookie;
    enum fault_outcome outcome;
    if (fault_fast(thread->space, address, error & FAULT_WRITE, &outcome, &cookie))
        return true;
    if (outcome == FAULT_UNUSUAL)
        outcome = space_fault(thread->space, address, access_of(error), &cookie);
    if (outcome > FAULT_ZEROING)
        thread->touch = (struct touch){
            .address = address, .error = error, .outcome = outcome,
            .cookie = outcome == FAULT_PAGER ? cookie : 0};
    return outcome <= FAULT_ZEROING;
}

// What the kernel has not resolved waits, is asked of the pager, or ends the process.
static void page_fault(struct thread *thread) {
    static const uint8_t causes[] = {[FAULT_EMPTY] = TOUCH_EMPTY,
                                     [FAULT_PAGER] = TOUCH_PAGER,
                                     [FAULT_NO_FRAME] = TOUCH_NO_FRAME};
    struct touch *touch = &thread->touch;
    touch->what = access_of(touch->error) | causes[touch->outcome];
    if (touch->outcome == FAULT_LENT)
        lent_wait(thread);
    else if (causes[touch->outcome] == 0 || !touch_send(thread))
        exception_end(thread, VECTOR_PAGE_FAULT, touch->error, touch->address);
}

// First use of vector registers since the thread came: they are clean, with the control words that
// it last set. A pager that finds a frame for it has the instruction come again.
static void vectors_use(struct thread *thread) {
    status_t status = OK;
    if (thread->vectors == nullptr)
        status = heap_allocate(&thread->process->heap, hal_vector_size(), &thread->vectors);
    thread->touch = (struct touch){.address = thread->registers.rip, .what = TOUCH_NO_FRAME};
    if (status == ERR_NO_FRAME && touch_send(thread))
        return;
    if (status != OK) {
        log_error("no memory for the vector registers of %s", thread->process->name);
        exception_end(thread, VECTOR_NO_VECTORS, 0, thread->registers.rip);
        return;
    }
    hal_vector_enable();
    hal_vector_control_load(thread->vector_control);
    hart_self()->special |= SPECIAL_VECTORS;
}

void exception_of_program(struct thread *thread, uint64_t vector, uint64_t error) {
    if (vector == VECTOR_PAGE_FAULT)
        page_fault(thread);
    else if (vector == VECTOR_NO_VECTORS)
        vectors_use(thread);
    else
        exception_end(thread, vector, error, thread->registers.rip);
}
