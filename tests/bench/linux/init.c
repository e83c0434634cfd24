// /init of the Linux that Baton is compared with: measures, prints, and resets the machine.
#define _GNU_SOURCE
#include "measure.h"
#include "rows.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static const int PRIORITY = 10;

// Real-time priority without a limit: under the default policy ping-pongs are bimodal.
static void become_real_time(void)
{
    (void)mkdir("/proc", 0755);
    measure_demand(mount("proc", "/proc", "proc", 0, NULL) == 0, "mount /proc");
    int limit = open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY);
    measure_demand(limit >= 0 && write(limit, "-1", 2) == 2, "sched_rt_runtime_us");
    close(limit);
    struct sched_param parameters = {.sched_priority = PRIORITY};
    measure_demand(sched_setscheduler(0, SCHED_FIFO, &parameters) == 0, "sched_setscheduler");
}

static void run(void (*rows)(void))
{
    int process = fork();
    measure_demand(process >= 0, "fork");
    if (process == 0) {
        measure_calibrate();
        rows();
        _exit(0);
    }
    waitpid(process, NULL, 0);
}

int main(void)
{
    struct utsname name;
    uint64_t ticks = measure_ticks();
    uname(&name);
    dprintf(1, "linux %s\n", name.release);
    measure_single("to_init", ticks);
    become_real_time();
    run(messages_measure);
    run(memory_measure);
    run(bulk_measure);
    run(files_measure);
    run(interrupts_measure);
    dprintf(1, "bench-end\n");
    sync();
    reboot(RB_AUTOBOOT);
    return 1;
}
