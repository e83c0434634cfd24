// What it costs to hand a hart on: yields and wake-ups, to a process in another address space.

#include "measure.h"
#include "server.h"

#include <baton/message.h>
#include <baton/system.h>

static struct server_process other;

static inline void yield(void *context)
{
    (void)context;
    (void)system_yield();
}

// Signals, then lets the server run; counted until it waits again and this program runs on.
static inline void wake(void *context)
{
    *(status_t *)context = message_signal(other.notification, 1);
    (void)system_yield();
}

static inline void signal_only(void *context)
{
    *(status_t *)context = message_signal(other.notification, 1);
}

static void let_run(void *context)
{
    (void)context;
    (void)system_yield();
}

int main(int argc, char **argv)
{
    server_become(argc, argv);
    measure_calibrate();
    measure("yield_alone", yield, nullptr, nullptr);
    server_start(argv[0], "yielder", &other);
    measure_parts("yield_other", yield, nullptr, nullptr, 2);
    server_stop(&other);

    status_t status = OK;
    server_start(argv[0], "plain", &other);
    struct message message = {.tag = PLAIN_ECHO};
    measure_demand(message_call(other.port, &message, 0), "a call");
    measure("signal", signal_only, let_run, &status);
    measure_demand(status, "a signal");
    measure("wake_round", wake, let_run, &status);
    measure_demand(status, "a signal");
    server_stop(&other);
    return 0;
}
