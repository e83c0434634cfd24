// 64 KiB and 64 MiB to another process, which reads one word of each page: through a pipe, and in
// memory that both had mapped before, where a byte through a pipe says that it is there.
#define _GNU_SOURCE
#include "measure.h"
#include "rows.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, SMALL = 64 << 10, LARGE = 64 << 20 };
enum { SMALL_SAMPLES = 256, LARGE_SAMPLES = 8 };

struct bulk {
    size_t bytes;
    int to_peer, from_client, to_client, from_peer;
    char *source, *target; // the same where it is shared
};

static uint64_t read_pages(const char *memory, size_t bytes)
{
    uint64_t sum = 0;
    for (size_t offset = 0; offset < bytes; offset += PAGE)
        sum += *(const volatile uint64_t *)(memory + offset);
    return sum;
}

static void send_all(int to, const char *from, size_t bytes)
{
    while (bytes != 0) {
        ssize_t sent = write(to, from, bytes);
        measure_demand(sent > 0, "write");
        from += sent;
        bytes -= (size_t)sent;
    }
}

static void receive_all(int from, char *to, size_t bytes)
{
    while (bytes != 0) {
        ssize_t received = read(from, to, bytes);
        measure_demand(received > 0, "read");
        to += received;
        bytes -= (size_t)received;
    }
}

// --- both sides ----------------------------------------------------------------------------------

static void answer_sum(const struct bulk *bulk)
{
    uint64_t sum = read_pages(bulk->target, bulk->bytes);
    send_all(bulk->to_client, (const char *)&sum, sizeof sum);
}

static void await_sum(const struct bulk *bulk)
{
    uint64_t sum;
    receive_all(bulk->from_peer, (char *)&sum, sizeof sum);
    measure_demand(sum == bulk->bytes / PAGE, "the sum");
}

static inline void pipe_send(void *context)
{
    const struct bulk *bulk = context;
    send_all(bulk->to_peer, bulk->source, bulk->bytes);
    await_sum(bulk);
}

static void pipe_answer(void *context)
{
    const struct bulk *bulk = context;
    receive_all(bulk->from_client, bulk->target, bulk->bytes);
    answer_sum(bulk);
}

static inline void shared_send(void *context)
{
    const struct bulk *bulk = context;
    send_all(bulk->to_peer, "", 1);
    await_sum(bulk);
}

static void shared_answer(void *context)
{
    const struct bulk *bulk = context;
    char byte;
    receive_all(bulk->from_client, &byte, 1);
    answer_sum(bulk);
}

// --- rows ----------------------------------------------------------------------------------------

static char *map(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    measure_demand(memory != MAP_FAILED, "mmap");
    for (size_t offset = 0; offset < bytes; offset += PAGE)
        *(volatile uint64_t *)(memory + offset) = 1;
    return memory;
}

static struct bulk bulk_make(size_t bytes, bool shared)
{
    int there[2], back[2];
    measure_demand(pipe(there) == 0 && pipe(back) == 0, "pipe");
    char *source = map(bytes), *target = shared ? source : map(bytes);
    return (struct bulk){bytes, there[1], there[0], back[1], back[0], source, target};
}

static void bulk_end(const struct bulk *bulk)
{
    close(bulk->to_peer);
    close(bulk->from_client);
    close(bulk->to_client);
    close(bulk->from_peer);
    munmap(bulk->source, bulk->bytes);
    if (bulk->target != bulk->source)
        munmap(bulk->target, bulk->bytes);
}

static void measure_bulk(const char *name, size_t bytes, bool shared)
{
    struct bulk bulk = bulk_make(bytes, shared);
    struct measure_peer peer = measure_peer_start(shared ? shared_answer : pipe_answer, &bulk);
    unsigned samples = bytes == LARGE ? LARGE_SAMPLES : SMALL_SAMPLES;
    measure_sample(shared ? shared_send : pipe_send, NULL, &bulk, samples);
    measure_report(name, 1);
    measure_peer_stop(peer);
    bulk_end(&bulk);
}

void bulk_measure(void)
{
    measure_bulk("pipe_64k", SMALL, false);
    measure_bulk("pipe_64m", LARGE, false);
    measure_bulk("shared_64k", SMALL, true);
    measure_bulk("shared_64m", LARGE, true);
}
