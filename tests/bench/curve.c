// The curve of moving against copying: what it costs to bring 64 bytes to 64 MiB to a server. Not a
// group of the table: for scripts/bench --curve, on a machine with 4 GiB.
//
// Moving: the parcel is given inside a call: as pages up to 1 MiB, as tables of 2 MiB from there
// on. Copying: the sender copies its words into a message buffer, the receiver copies them out.
// Here nobody shares memory, so the buffer is lent; the host takes the cost of lending off again,
// which leaves what a kernel with a shared buffer, however large, would need.
#include "measure.h"
#include "server.h"
#include "taker.h"
#include "words.h"

#include <baton/parcel.h>
#include <baton/system.h>

#include <stdio.h>

static constexpr uaddr_t SOURCE = 0x2000'0000'0000, BUFFER = 0x2080'0000'0000,
                         GIFT = 0x2100'0000'0000;
static constexpr uint64_t SIZE_LEAST = WORDS_ROUND_SIZE, SIZE_MOST = TAKER_SIZE;

// Large sizes are sampled less often: the same instructions run each time.
static constexpr uint64_t SAMPLED_SIZE = 4 << 20;
static constexpr unsigned SAMPLES_LEAST = 3, SAMPLES_MOST = 256;

static struct server_process taker;

// One point of the curve.
static struct point {
    uint64_t bytes;
    unsigned level, count; // the parcel's entries
} point;

static struct outcome {
    status_t status;
    uint64_t sum;
} outcome;

static parcel_t parcel_at(uaddr_t address, enum parcel_mode mode, uint64_t rights)
{
    return parcel_make(address, point.level, point.count, mode, rights);
}

// Differs between points, so that what is left from another one is no answer.
static void fill(uaddr_t to)
{
    for (uint64_t i = 0; i < point.bytes / sizeof(uint64_t); i++)
        ((volatile uint64_t *)to)[i] = point.bytes + i;
}

static uint64_t sum_expected(void)
{
    uint64_t words = point.bytes / sizeof(uint64_t);
    return words * point.bytes + words * (words - 1) / 2;
}

static void touch_pages(uaddr_t address, uint64_t bytes)
{
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_SIZE)
        *(volatile uint64_t *)(address + offset) = 1;
}

// --- operations ----------------------------------------------------------------------------------

static inline void request(uint64_t tag, parcel_t parcel)
{
    struct message message = {.tag = tag, .word = {point.bytes}, .parcel = parcel};
    outcome.status = message_call(taker.port, &message, 0);
    if (outcome.status == OK)
        outcome.status = message_reply_status(&message);
    outcome.sum = message.word[0];
}

static inline void call_only(void *context)
{
    (void)context;
    request(TAKE_ONLY, 0);
}

static inline void give(void *context)
{
    (void)context;
    request(TAKE_ONLY, parcel_at(GIFT, PARCEL_GIVE, PARCEL_WRITABLE));
}

static inline void give_read(void *context)
{
    (void)context;
    request(TAKE_READ, parcel_at(GIFT, PARCEL_GIVE, PARCEL_WRITABLE));
}

static inline void lend(void *context)
{
    (void)context;
    request(TAKE_ONLY, parcel_at(BUFFER, PARCEL_LEND, 0));
}

static inline void lend_read(void *context)
{
    (void)context;
    request(TAKE_READ, parcel_at(BUFFER, PARCEL_LEND, 0));
}

static inline void copy(void *context)
{
    (void)context;
    words_copy(BUFFER, SOURCE, point.bytes);
    request(TAKE_COPY, parcel_at(BUFFER, PARCEL_LEND, 0));
}

static inline void copy_read(void *context)
{
    (void)context;
    words_copy(BUFFER, SOURCE, point.bytes);
    request(TAKE_COPY_READ, parcel_at(BUFFER, PARCEL_LEND, 0));
}

static void gift_make(void)
{
    status_t status = system_memory_create(0, parcel_at(GIFT, PARCEL_NONE, PARCEL_WRITABLE),
                                           point.level == 1 ? MEMORY_PAGES : MEMORY_ZERO);
    if (outcome.status == OK)
        outcome.status = status;
}

// What copying does not need: the receiver lets go of the memory, the sender makes new.
static inline void renew(void *context)
{
    (void)context;
    request(TAKE_DROP, 0);
    gift_make();
    touch_pages(GIFT, point.bytes);
}

// --- what comes before a sample ------------------------------------------------------------------

static void prepare_gift(void *context)
{
    (void)context;
    (void)system_memory_free(parcel_at(GIFT, PARCEL_NONE, 0));
    request(TAKE_DROP, 0);
    measure_demand(outcome.status, "dropping a gift");
    gift_make();
    measure_demand(outcome.status, "a gift");
    touch_pages(GIFT, point.bytes);
    fill(GIFT);
}

static void prepare_given(void *context)
{
    prepare_gift(context);
    give(context);
    measure_demand(outcome.status, "giving");
}

// --- points --------------------------------------------------------------------------------------

static void report(const char *what)
{
    char name[32];
    measure_demand(outcome.status, what);
    snprintf(name, sizeof name, "%s_%llu", what, (unsigned long long)point.bytes);
    measure_report(name, 1);
}

static void report_read(const char *what)
{
    measure_demand(outcome.sum == sum_expected() ? OK : ERR_BAD_MESSAGE, what);
    report(what);
}

static unsigned samples_of(uint64_t bytes)
{
    uint64_t samples = SAMPLED_SIZE / bytes;
    if (samples > SAMPLES_MOST)
        return SAMPLES_MOST;
    return samples < SAMPLES_LEAST ? SAMPLES_LEAST : (unsigned)samples;
}

static void shape_announce(void)
{
    struct message message = {.tag = TAKE_SHAPE, .word = {point.level, point.count}};
    measure_demand(message_call(taker.port, &message, 0), "a window");
    measure_demand(message_reply_status(&message), "a window");
}

static void measure_moves(unsigned samples)
{
    measure_sample(give, prepare_gift, nullptr, samples);
    report("give");
    measure_sample(give_read, prepare_gift, nullptr, samples);
    report_read("give_read");
    measure_sample(renew, prepare_given, nullptr, samples);
    report("renew");
    prepare_gift(nullptr); // drops the last one
    measure_demand(system_memory_free(parcel_at(GIFT, PARCEL_NONE, 0)), "freeing a gift");
}

static void measure_copies(unsigned samples)
{
    fill(SOURCE);
    measure_sample(lend, nullptr, nullptr, samples);
    report("lend");
    measure_sample(copy_read, nullptr, nullptr, samples);
    report_read("copy_read");
    measure_sample(copy, nullptr, nullptr, samples);
    report("copy");
    measure_sample(lend_read, nullptr, nullptr, samples);
    report_read("lend_read");
}

static void measure_point(uint64_t bytes)
{
    unsigned level = bytes < level_size(2) ? 1 : 2;
    uint64_t count = (bytes + level_size(level) - 1) / level_size(level);
    point = (struct point){bytes, level, (unsigned)count};
    shape_announce();
    measure_moves(samples_of(bytes));
    measure_copies(samples_of(bytes));
}

static void memory_make(uaddr_t address)
{
    unsigned count = SIZE_MOST / level_size(2);
    parcel_t slots = parcel_make(address, 2, count, PARCEL_NONE, PARCEL_WRITABLE);
    measure_demand(system_memory_create(0, slots, MEMORY_ZERO), "memory to copy");
    touch_pages(address, SIZE_MOST);
}

int main(int argc, char **argv)
{
    server_become(argc, argv);
    measure_calibrate();
    memory_make(SOURCE);
    memory_make(BUFFER);
    server_start(argv[0], "taker", &taker);
    point.bytes = 0;
    measure_sample(call_only, nullptr, nullptr, SAMPLES_MOST);
    report("call");
    for (uint64_t bytes = SIZE_LEAST; bytes <= SIZE_MOST; bytes *= 2)
        measure_point(bytes);
    server_stop(&taker);
    return 0;
}
