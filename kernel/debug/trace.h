// The raw trace: a ring of fixed records per hart (include/abi/trace.h). Off, it costs the message
// path one test of the hart's `trace` word; records are never copied on the way, and those that the
// ring has lost are counted by their sequence numbers.
#pragma once

#include <abi/trace.h>

#include "hart/hart.h"

struct thread;

// Gives every hart a ring of as many bytes as the boot option "trace_ring=" says, 64 KiB by
// default, and starts recording if asked ("trace=on").
void trace_initialize(const char *options);
void trace_enable(bool on);

// A message's number, never used again; 0 while tracing is off.
uint64_t trace_number(void);

void trace_record(enum trace_kind kind, const struct thread *thread, uint32_t peer, uint64_t number,
                  uint64_t a, uint64_t b);
void trace_record_message(enum trace_kind kind, const struct thread *thread,
                          const struct thread *peer, uint64_t number,
                          const struct registers *message);

static inline void trace(enum trace_kind kind, const struct thread *thread, uint32_t peer,
                         uint64_t number, uint64_t a, uint64_t b) {
    if (__builtin_expect(HART_GET(trace) != 0, 0))
        trace_record(kind, thread, peer, number, a, b);
}

static inline void trace_message(enum trace_kind kind, const struct thread *thread,
                                 const struct thread *peer, uint64_t number,
                                 const struct registers *message) {
    if (__builtin_expect(HART_GET(trace) != 0, 0))
        trace_record_message(kind, thread, peer, number, message);
}

// Copies records of a hart from number *next on; older ones may be gone, then *next is moved
// forward. Returns how many.
unsigned trace_read(unsigned hart, uint64_t *next, struct trace_record *records, unsigned limit);
