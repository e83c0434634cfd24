#include "debug/trace.h"

#include "debug/log.h"
#include "debug/options.h"
#include "hart/process.h"

LOG_MODULE(LOG_BOOT);

struct trace_ring {
    uint64_t next; // sequence number of the record to be written
    uint32_t capacity;
    struct trace_record record[];
};

static constexpr unsigned NUMBER_HART_SHIFT = 48;

static void ring_create(struct hart *hart, unsigned order) {
    struct frame *frame;
    if (frame_allocate(order, FRAME_KERNEL, &frame) != OK) {
        log_warning("no memory for the trace ring of hart %u", hart->index);
        return;
    }
    hart->ring = physical_to_virtual(frame_address(frame));
    hart->ring->next = 0;
    hart->ring->capacity = (uint32_t)(((PAGE_SIZE << order) - sizeof(struct trace_ring)) /
                                      sizeof(struct trace_record));
}

void trace_initialize(const char *options) {
    size_t ring_bytes = option_size(options, "trace_ring", 64 * 1024);
    unsigned order = 0;
    while (PAGE_SIZE << order < ring_bytes)
        order++;
    for (unsigned i = 0; i < hart_count; i++)
        ring_create(harts[i], order);
    trace_enable(option_is(options, "trace", "on"));
}

void trace_enable(bool on) {
    for (unsigned i = 0; i < hart_count; i++)
        harts[i]->trace = on && harts[i]->ring != nullptr;
}

uint64_t trace_number(void) {
    struct hart *hart = hart_self();
    if (hart->trace == 0)
        return 0;
    return (uint64_t)hart->index << NUMBER_HART_SHIFT | ++hart->messages;
}

static struct trace_record *record_next(enum trace_kind kind, const struct thread *thread,
                                        uint32_t peer, uint64_t number) {
    struct hart *hart = hart_self();
    struct trace_ring *ring = hart->ring;
    struct trace_record *record = &ring->record[ring->next % ring->capacity];
    *record = (struct trace_record){
        .time = hal_ticks(),
        .sequence = ring->next++,
        .number = number,
        .process = thread != nullptr ? thread->process->number : 0,
        .peer = peer,
        .kind = kind,
        .hart = (uint8_t)hart->index,
    };
    return record;
}

void trace_record(enum trace_kind kind, const struct thread *thread, uint32_t peer, uint64_t number,
                  uint64_t a, uint64_t b) {
    struct trace_record *record = record_next(kind, thread, peer, number);
    record->word[0] = a;
    record->word[1] = b;
}

void trace_record_message(enum trace_kind kind, const struct thread *thread,
                          const struct thread *peer, uint64_t number,
                          const struct registers *message) {
    struct trace_record *record =
        record_next(kind, thread, peer != nullptr ? peer->process->number : 0, number);
    record->status = kind == TRACE_REPLY ? (uint16_t)message->rsi : 0;
    record->tag = (uint32_t)message->rsi;
    record->parcel = message->rdx;
    record->word[0] = message->rbx;
    record->word[1] = message->r12;
}

unsigned trace_read(unsigned hart, uint64_t *next, struct trace_record *records, unsigned limit) {
    const struct trace_ring *ring = hart < hart_count ? harts[hart]->ring : nullptr;
    if (ring == nullptr)
        return 0;
    uint64_t end = *(const volatile uint64_t *)&ring->next;
    if (end > ring->capacity && *next < end - ring->capacity)
        *next = end - ring->capacity;
    unsigned count = 0;
    for (uint64_t n = *next; n < end && count < limit; n++)
        records[count++] = ring->record[n % ring->capacity];
    return count;
}
