// How harts stand still: for a crash report, and for good.
#include "hal/hal.h"
#include "hal/x86_64/apic.h"
#include "hal/x86_64/clock.h"

static constexpr unsigned STOP_LIMIT_US = 100'000;

static _Atomic bool stopping;
static _Atomic unsigned stopped;

// A hart that does not stop (it hangs in an NMI, say) is not waited for longer than the limit.
void hal_harts_stop(unsigned others) {
    __c11_atomic_store(&stopping, true, __ATOMIC_SEQ_CST);
    if (others == 0)
        return;
    apic_send(0, APIC_NMI_OTHERS, 0);
    for (unsigned waited = 0; waited < STOP_LIMIT_US; waited += 10) {
        if (__c11_atomic_load(&stopped, __ATOMIC_ACQUIRE) >= others)
            return;
        clock_wait_us(10);
    }
}

bool hal_harts_stopping(void) { return __c11_atomic_load(&stopping, __ATOMIC_ACQUIRE); }

void hal_halt(void) {
    if (hal_harts_stopping())
        __c11_atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}
