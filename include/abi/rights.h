// Objects that handles name, and the rights of a handle: eight bits, two for all types.
#pragma once

#include <abi/types.h>

enum object_type : uint8_t {
    OBJECT_NONE = 0,
    OBJECT_PORT = 1,
    OBJECT_REPLY = 2,        // a kept request, to be answered once
    OBJECT_NOTIFICATION = 3,
    OBJECT_PROCESS = 4,
    OBJECT_THREAD = 5,
    OBJECT_CALL = 6,         // for begin
    OBJECT_SYSTEM = 7,       // what the machine's owner may do: query, end, set log levels
    OBJECT_MODULE = 8,       // one boot module, or all of them
    OBJECT_IO = 9,           // a range of I/O ports
    OBJECT_IRQ = 10,         // an interrupt line, or all of them
    OBJECT_TYPES
};

typedef uint8_t rights_t;

static constexpr rights_t RIGHT_DUPLICATE = 1 << 0;
static constexpr rights_t RIGHT_TRANSFER = 1 << 1; // may travel in a message or a grant

static constexpr rights_t RIGHT_CALL = 1 << 2;    // port: call, begin
static constexpr rights_t RIGHT_RECEIVE = 1 << 3; // port: receive, derive, revoke; only one exists
static constexpr rights_t RIGHT_REPLY = 1 << 2;   // reply: answer it
static constexpr rights_t RIGHT_BEGIN = 1 << 2;   // call: begin, cancel
static constexpr rights_t RIGHT_SIGNAL = 1 << 2;  // notification: signal
static constexpr rights_t RIGHT_BIND = 1 << 3;    // notification: bind to interrupts and timers
static constexpr rights_t RIGHT_CONTROL = 1 << 2; // process: fill, grant, start; thread: stop
static constexpr rights_t RIGHT_END = 1 << 3;     // process: end
static constexpr rights_t RIGHT_WATCH = 1 << 4;   // process: hear of its death
static constexpr rights_t RIGHT_FUND = 1 << 5;    // process: move limit to and from its account
static constexpr rights_t RIGHT_QUERY = 1 << 2;   // system: read tables; process: its account
static constexpr rights_t RIGHT_MANAGE = 1 << 3;  // system: end, log levels
static constexpr rights_t RIGHT_OPEN = 1 << 2;    // module, io, irq: open or use it
static constexpr rights_t RIGHT_DERIVE = 1 << 3;  // io, irq, module: make handles for a part of it
static constexpr rights_t RIGHTS_ALL = 0xff;
