// A process's own end and number.

#include <baton/start.h>
#include <baton/system.h>

#include <sched.h>
#include <unistd.h>

[[noreturn]] void _exit(int status)
{
    for (;;)
        (void)system_process_end(HANDLE_NONE, (uint32_t)status & 0xff);
}

pid_t getpid(void)
{
    return (pid_t)start_process();
}

int sched_yield(void)
{
    (void)system_yield();
    return 0;
}
