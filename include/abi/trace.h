// A record of the trace, as the kernel writes it and system_query (QUERY_TRACE) hands it out.
#pragma once

#include <abi/types.h>

enum trace_kind : uint8_t {
    TRACE_NONE,
    TRACE_CALL,      // thread sends a request; words and parcel as sent
    TRACE_TAKE,      // thread takes it; peer is the sender
    TRACE_REPLY,     // thread answers; peer is the caller
    TRACE_EVENT,     // thread receives an event: a badge, b bits, number of a process, or message
    TRACE_FAULT,     // a address, b access
    TRACE_INTERRUPT, // a vector
    TRACE_SIGNAL,    // a bits
    TRACE_SWITCH,    // hart goes on to another thread
    TRACE_STEAL,
    TRACE_START, // of a thread
    TRACE_END,
    TRACE_PROGRAM, // by a program
};

struct trace_record {
    ticks_t time;
    uint64_t sequence; // of this hart's records
    uint64_t number;   // message number, 0 for none; never used again
    uint32_t process, peer;
    uint8_t kind; // enum trace_kind
    uint8_t hart;
    uint16_t status; // TRACE_REPLY: the protocol's
    uint32_t tag;    // low half: method and protocol
    uint64_t parcel;
    uint64_t word[2]; // first words, or a and b
};
static_assert(sizeof(struct trace_record) == 64);
