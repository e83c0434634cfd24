// The receiver of the curve of moving against copying: takes parcels of a shape that it was told
// before, and leaves them alone, reads every word of them, or copies them out to memory of its own.
#pragma once

#include "server.h"

// Requests; word 0 is a number of bytes. What is given is kept until it is dropped.
enum taker_request : uint64_t {
    TAKE_SHAPE = PLAIN_ECHO + 16, // words 0 and 1: level and count of the parcels to come
    TAKE_ONLY,                    // looks at nothing
    TAKE_READ,                    // answers the sum of the words
    TAKE_READ_PAGES,              // answers the sum of the first words of its pages
    TAKE_COPY,                    // copies them out
    TAKE_COPY_READ,               // copies them out, and answers the sum of the copy
    TAKE_DROP,                    // frees what was given, ready for the next
};

static constexpr uint64_t TAKER_SIZE = 64 << 20; // the most that it copies out

// Plays the receiver until the process is ended.
void taker_serve(handle_t port);
