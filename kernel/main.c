// Start-up, in order.
#include "main.h"

#include "debug/log.h"
#include "debug/memory_report.h"
#include "debug/trace.h"
#include "hal/paging.h"
#include "hart/ignition.h"
#include "hart/module.h"
#include "hart/process.h"
#include "hart/schedule.h"
#include "memory/frame.h"

LOG_MODULE(LOG_BOOT);

uint64_t boot_ticks, ready_ticks;
const char *boot_options;

void kernel_main(const struct boot_info *boot) {
    boot_ticks = hal_ticks();
    boot_options = boot->options;

    boot_hart_prepare();
    frames_initialize(boot);
    boot_hart_initialize();
    hal_platform_start(boot);
    harts_ignite();
    trace_initialize(boot->options);
    paging_check();

    struct frame_counts counts;
    frames_count(&counts);
    processes_initialize(counts.free + counts.zeroed);
    memory_report();
    modules_start(boot);
    ready_ticks = hal_ticks();
    log_info("ready after %lu ticks, %lu of them to calibrate the clock", ready_ticks - boot_ticks,
             hal_calibration_ticks());
    hart_run(hart_self());
}
