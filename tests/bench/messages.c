// What messages cost: system calls, calls to a server in another process, what travels along.

#include "measure.h"
#include "server.h"

#include <baton/parcel.h>
#include <baton/system.h>

static struct server_process plain, typed;
static uaddr_t page; // one's own, to lend and to give
static handle_t own_port, call;

// --- operations ----------------------------------------------------------------------------------

static inline void null_call(void *context)
{
    (void)context;
    (void)system_null();
}

static inline void call_words(void *context)
{
    struct message message = {.tag = PLAIN_ECHO, .word = {1, 2, 3, 4, 5}};
    *(status_t *)context = message_call(plain.port, &message, 0);
}

static inline void call_empty(void *context)
{
    struct message message = {.tag = PLAIN_ECHO};
    *(status_t *)context = message_call(plain.port, &message, 0);
}

static inline void call_with(void *context, enum parcel_mode mode)
{
    struct message message = {.tag = PLAIN_ECHO,
                              .parcel = pages_parcel(page, 1, mode, PARCEL_WRITABLE)};
    *(status_t *)context = message_call(plain.port, &message, 0);
}

static inline void call_lend(void *context)
{
    call_with(context, PARCEL_LEND);
}

static inline void call_give(void *context)
{
    call_with(context, PARCEL_GIVE);
}

// What completes wakes nobody: this thread receives first, and the server runs meanwhile.
static inline void begin_round(void *context)
{
    struct message message = {.tag = PLAIN_ECHO};
    struct message_info info;
    status_t *status = context;
    *status = message_begin(call, plain.port, &message, 0);
    if (*status == OK)
        *status = message_receive(own_port, &message, &info, 0);
}

static inline void call_typed(void *context)
{
    uint64_t *word = context;
    measure_demand(bench_echo(typed.port, word[0], word[1], word[2], word[3], word[4], &word[0],
                              &word[1], &word[2], &word[3], &word[4]),
                   "bench.echo");
}

static inline void call_typed_lend(void *context)
{
    *(status_t *)context =
        bench_lend(typed.port, pages_parcel(page, 1, PARCEL_LEND, PARCEL_WRITABLE));
}

// --- what comes before a sample ------------------------------------------------------------------

static void prepare_gift(void *context)
{
    (void)context;
    struct message message = {.tag = PLAIN_DROP};
    measure_demand(message_call(plain.port, &message, 0), "dropping a gift");
    measure_demand(message_reply_status(&message), "dropping a gift");
    parcel_t slot = pages_parcel(page, 1, PARCEL_NONE, PARCEL_WRITABLE);
    measure_demand(system_memory_create(0, slot, MEMORY_PAGES), "a page to give");
}

// --- rows ----------------------------------------------------------------------------------------

static void check_words(const uint64_t *word)
{
    for (uint64_t i = 0; i < MESSAGE_WORDS; i++)
        measure_demand(word[i] == i + 1 ? OK : ERR_BAD_MESSAGE, "the words that came back");
}

static void measure_plain(void)
{
    struct message message = {.tag = PLAIN_ECHO, .word = {1, 2, 3, 4, 5}};
    measure_demand(message_call(plain.port, &message, 0), "a call");
    check_words(message.word);
    status_t status = OK;
    measure("call_0", call_empty, nullptr, &status);
    measure_demand(status, "an empty call");
    measure("call_5", call_words, nullptr, &status);
    measure_demand(status, "a call with five words");
}

static void measure_begin(void)
{
    uint64_t port, object;
    status_t status = OK;
    measure_demand(system_port_create(0, &port), "a port");
    measure_demand(system_call_create((handle_t)port, 0, &object), "a call object");
    own_port = (handle_t)port;
    call = (handle_t)object;
    measure("begin_round", begin_round, nullptr, &status);
    measure_demand(status, "a begun call");
}

static void measure_parcels(void)
{
    void *address;
    status_t status = OK;
    measure_demand(pages_allocate(1, &address), "a page");
    page = (uaddr_t)address;
    *(volatile char *)address = 1;
    measure("call_lend", call_lend, nullptr, &status);
    measure_demand(status, "lending a page");
    pages_free(address, 1);
    page = slots_allocate(1);
    measure("call_give", call_give, prepare_gift, &status);
    measure_demand(status, "giving a page");
}

static void measure_typed(void)
{
    uint64_t word[MESSAGE_WORDS] = {1, 2, 3, 4, 5};
    void *address;
    status_t status = OK;
    measure("typed_5", call_typed, nullptr, word);
    check_words(word);
    measure_demand(pages_allocate(1, &address), "a page");
    page = (uaddr_t)address;
    measure("typed_lend", call_typed_lend, nullptr, &status);
    measure_demand(status, "bench.lend");
}

int main(int argc, char **argv)
{
    server_become(argc, argv);
    measure_calibrate();
    measure("null", null_call, nullptr, nullptr);
    server_start(argv[0], "plain", &plain);
    measure_plain();
    measure_begin();
    measure_parcels();
    server_stop(&plain);
    server_start(argv[0], "typed", &typed);
    measure_typed();
    server_stop(&typed);
    return 0;
}
