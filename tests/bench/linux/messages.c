// System calls and round trips to another process, by each means that Linux has.
#define _GNU_SOURCE
#include "measure.h"
#include "rows.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Two descriptors for each side: it sends to one and receives from the other.
struct channel {
    int to_peer, from_client, to_client, from_peer;
};

static inline void null_call(void *context)
{
    (void)context;
    (void)syscall(SYS_getpid);
}

static inline void exchange(void *context)
{
    struct channel *channel = context;
    uint64_t word = 1;
    measure_demand(write(channel->to_peer, &word, sizeof word) == sizeof word, "write");
    measure_demand(read(channel->from_peer, &word, sizeof word) == sizeof word, "read");
}

static void answer(void *context)
{
    struct channel *channel = context;
    uint64_t word;
    measure_demand(read(channel->from_client, &word, sizeof word) == sizeof word, "read");
    measure_demand(write(channel->to_client, &word, sizeof word) == sizeof word, "write");
}

static void measure_channel(const char *name, struct channel channel)
{
    struct measure_peer peer = measure_peer_start(answer, &channel);
    measure(name, exchange, NULL, &channel);
    measure_peer_stop(peer);
}

static void measure_eventfd(void)
{
    int there = eventfd(0, 0), back = eventfd(0, 0);
    measure_demand(there >= 0 && back >= 0, "eventfd");
    measure_channel("eventfd", (struct channel){there, there, back, back});
}

static void measure_pipe(void)
{
    int there[2], back[2];
    measure_demand(pipe(there) == 0 && pipe(back) == 0, "pipe");
    measure_channel("pipe_8", (struct channel){there[1], there[0], back[1], back[0]});
}

static void measure_socket(void)
{
    int ends[2];
    measure_demand(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    measure_channel("unix_socket_8", (struct channel){ends[0], ends[1], ends[1], ends[0]});
}

// --- futex ---------------------------------------------------------------------------------------

// A word that says whose turn it is.
enum { CLIENT, PEER };

static void pass_to(uint32_t *turn, uint32_t other, uint32_t own)
{
    __atomic_store_n(turn, other, __ATOMIC_SEQ_CST);
    measure_demand(syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL, NULL, 0) >= 0, "futex wake");
    while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != own)
        (void)syscall(SYS_futex, turn, FUTEX_WAIT, other, NULL, NULL, 0);
}

static inline void futex_exchange(void *context)
{
    pass_to(context, PEER, CLIENT);
}

static void futex_answer(void *context)
{
    uint32_t *turn = context;
    while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != PEER)
        (void)syscall(SYS_futex, turn, FUTEX_WAIT, CLIENT, NULL, NULL, 0);
    pass_to(turn, CLIENT, PEER);
}

static void measure_futex(void)
{
    uint32_t *turn = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
    measure_demand(turn != MAP_FAILED, "mmap");
    struct measure_peer peer = measure_peer_start(futex_answer, turn);
    measure("futex", futex_exchange, NULL, turn);
    measure_peer_stop(peer);
}

// --- yield ---------------------------------------------------------------------------------------

static void yield(void *context)
{
    (void)context;
    (void)sched_yield();
}

void messages_measure(void)
{
    measure("null", null_call, NULL, NULL);
    measure_eventfd();
    measure_pipe();
    measure_socket();
    measure_futex();
    struct measure_peer peer = measure_peer_start(yield, NULL);
    measure_sample(yield, NULL, NULL, MEASURE_SAMPLES);
    measure_report("yield_other", 2);
    measure_peer_stop(peer);
}
