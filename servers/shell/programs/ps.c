// ps: the processes that there are: number, parent, state, threads, handles, frames used and
// granted, milliseconds run, messages sent, name.

#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>
#include <abi/query.h>

#include <stdio.h>

static const char *state_text(uint32_t state)
{
    static const char *const texts[] = {
        [PROCESS_NEW] = "new",
        [PROCESS_LIVE] = "live",
        [PROCESS_ENDING] = "ending",
        [PROCESS_ENDED] = "ended",
    };
    return state < sizeof texts / sizeof *texts ? texts[state] : "?";
}

static void print(const struct query_process *process)
{
    printf("%5u %6u %-6s %7u %7u %8llu %8llu %9llu %9llu %.16s\n", process->number,
           process->parent, state_text(process->state), process->threads, process->handles,
           (unsigned long long)process->used_frames, (unsigned long long)process->limit_frames,
           (unsigned long long)(ns_from_ticks(process->run_ticks) / 1'000'000),
           (unsigned long long)process->calls, process->name);
}

int main(void)
{
    handle_t system = start_handle("system");
    void *page;
    if (!system || pages_allocate(1, &page) != OK) {
        fputs("ps: there is no system handle\n", stderr);
        return 1;
    }
    puts("  PID PARENT STATE  THREADS HANDLES     USED    LIMIT   TIME_MS     CALLS NAME");
    uint64_t next = 0, count;
    while (system_system_query(system, QUERY_PROCESSES, next, (uaddr_t)page, &count) == OK &&
           count > 0) {
        const struct query_process *process = page;
        for (uint64_t i = 0; i < count; i++)
            print(&process[i]);
        next = process[count - 1].number + 1ull;
    }
    return 0;
}
