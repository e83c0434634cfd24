// Every system call: number, name, arguments, results. The kernel's prototypes and dispatch, the
// user stubs and the trace's names are made from this table; a call is declared nowhere else.
//
// Call number in eax. Arguments in rdi, rsi, rdx, r8, r9, r10 in this order; unused ones are not
// looked at. Status in rax, results in rdi and rsi, 0 after an error. rcx and r11 are taken; rdx,
// r8, r9 and r10 come back as 0; rbx, rbp, r12 to r15 and rsp keep their values. Calls 1 to 7 are
// messages and use the register map in include/abi/message.h instead.
//
// Errors are listed with each call. Any call can answer ERR_BAD_CALL (unknown number), any call
// with a handle ERR_BAD_HANDLE, ERR_WRONG_TYPE and ERR_NO_RIGHT, and any call that makes something
// ERR_NO_MEMORY; these are not repeated. A refused call has changed nothing.
//
// A number that stands in no row is reserved. Numbers are never used again.
#pragma once

#include <abi/message.h>
#include <abi/rights.h>
#include <abi/status.h>
#include <abi/types.h>

// X(number, name): calls with a row of their own in the register map above.
#define MESSAGE_CALL_TABLE(X)                                                                      \
    /* Sends a request and waits for its reply. ERR_PORT_CLOSED, ERR_PEER_DIED, ERR_TIMED_OUT,     \
       ERR_NO_REPLY, ERR_NO_SLOT, ERR_NO_HANDLE, ERR_BAD_SLOT, ERR_EMPTY, ERR_BUSY, ERR_AWAY,      \
       ERR_DEADLOCK. */                                                                            \
    X(1, call)                                                                                     \
    /* Answers the request in hand, then takes the next from a port of one's own. Two kinds of     \
       error: if the answer is refused, or the port is, the request stays in hand, as if nothing   \
       had been called: ERR_NO_SLOT, ERR_NO_HANDLE, ERR_NO_MEMORY, ERR_NO_FRAME,                   \
       ERR_BAD_ARGUMENT, ERR_BAD_SLOT, ERR_EMPTY, ERR_AWAY, ERR_BUSY (also: what was borrowed is   \
       lent on), ERR_NO_RIGHT, ERR_BAD_HANDLE, ERR_WRONG_TYPE, ERR_NOT_CALLED (none is in hand).   \
       After ERR_TIMED_OUT and ERR_PORT_CLOSED, which are those of receive, the answer has gone.   \
       If the caller no longer waits, nothing says so, and what was to be given or moved is still  \
       there: an answer that parts with something is sent with reply. */                           \
    X(2, reply_receive)                                                                            \
    /* Takes the next message; a request still in hand is answered ERR_NO_REPLY first.             \
       ERR_TIMED_OUT; ERR_PORT_CLOSED if the port is closed meanwhile; ERR_BUSY while what came    \
       with that request is lent on. */                                                            \
    X(3, receive)                                                                                  \
    /* Answers a kept request (rdi: its reply handle, which is closed) or, with 0, the one in      \
       hand. ERR_CANCELLED: the caller no longer waits; nothing was given or moved, but the        \
       request is done with and the reply handle closed all the same. After any other error        \
       nothing has happened: the errors of a refused answer listed with reply_receive. */          \
    X(4, reply)                                                                                    \
    /* Sends like call, by a call object (bits 32-63 of rax), and goes on. The reply comes to the  \
       call object's port as a completion; its parcel and handles land when the server answers,    \
       under the acceptance that the thread has now. ERR_BUSY until the completion of the last     \
       begin has been received; ERR_BAD_ARGUMENT, ERR_PORT_CLOSED, ERR_TIMED_OUT, and what a call  \
       can answer before its request is taken. After an error nothing was sent. */                 \
    X(5, begin)                                                                                    \
    /* Sets bits (rsi) in a notification. Never blocks. */                                         \
    X(6, signal)                                                                                   \
    /* Keeps the request in hand for later: rdi is a reply handle. ERR_NOT_CALLED,                 \
       ERR_NO_HANDLE. */                                                                           \
    X(7, reply_keep)

// X(number, name, results, object, right, (arity, type, name, ...)): the first argument is a handle
// of an OBJECT_ of this type that has this right, which is seen to before all else; for a PROCESS,
// 0 is one's own, and RIGHT_CONTROL of one that ends is ERR_ENDED. NONE: no handle comes first, or
// the call itself says below what it takes.
#define SYSTEM_CALL_TABLE(X)                                                                       \
    /* Does nothing but spend a token. */                                                          \
    X(0, null, 0, NONE, 0, (0))                                                                    \
                                                                                                   \
    /* Ends what a call object has in flight: it completes with ERR_CANCELLED. ERR_NOT_CALLED:     \
       nothing is in flight, or the completion waits at the port. */                               \
    X(8, cancel, 0, CALL, RIGHT_BEGIN, (1, handle_t, call))                                        \
                                                                                                   \
    /* --- ports, notifications, handles --- */                                                    \
    /* A new port for a protocol (its number, for traces). Result: the handle with the receive     \
       right, which cannot be duplicated. ERR_NO_HANDLE. */                                        \
    X(16, port_create, 1, NONE, 0, (1, uint32_t, protocol))                                        \
    /* Result: a handle to call the port, whose messages carry this badge. ERR_NO_HANDLE. */       \
    X(17, port_derive, 1, PORT, RIGHT_RECEIVE,                                                     \
      (3, handle_t, port, uint32_t, badge, rights_t, rights))                                      \
    /* Takes RIGHT_CALL from handles of the port with `count` badges from `badge` on, a piece at   \
       a time: begin with `from` 0 and go on with what comes back until that is 0 (port_revoke in  \
       libsys), by one thread, which derives none of them meanwhile. Then no such handle is left,  \
       whoever had it; requests sent before still arrive. */                                       \
    X(18, port_revoke, 1, PORT, RIGHT_RECEIVE,                                                     \
      (4, handle_t, port, uint32_t, badge, uint64_t, count, uint64_t, from))                       \
    /* A notification that arrives at a port of one's own, with this badge. ERR_NO_HANDLE. */      \
    X(19, notification_create, 1, PORT, RIGHT_RECEIVE, (2, handle_t, port, uint64_t, badge))       \
    /* Closes a handle: closing the receive right closes the port, a reply answers ERR_NO_REPLY.   \
       ERR_BUSY: a reply's loan is lent on. */                                                     \
    X(20, handle_close, 0, NONE, 0, (1, handle_t, handle))                                         \
    /* Result: a second handle with these of its rights. ERR_NO_HANDLE; ERR_NO_RIGHT without       \
       RIGHT_DUPLICATE. */                                                                         \
    X(21, handle_duplicate, 1, NONE, 0, (2, handle_t, handle, rights_t, rights))                   \
    /* Results: type in bits 0-7 and rights in bits 8-15; size of a module in bytes, number of a   \
       process, protocol of a port. */                                                             \
    X(22, handle_query, 2, NONE, 0, (1, handle_t, handle))                                         \
    /* A call object for begin, whose completions arrive at a port of one's own with this badge.   \
       Its handle cannot be duplicated or moved, nor closed (ERR_BUSY) from begin until the        \
       completion has been received. If the port is closed completions are dropped, but not what   \
       replies brought. ERR_NO_HANDLE. */                                                          \
    X(23, call_create, 1, PORT, RIGHT_RECEIVE, (2, handle_t, port, uint64_t, badge))               \
    /* What this thread accepts with a message: frames that a gift may charge, handles (0 to 4),   \
       and flags (ACCEPT_). Stays until changed; at first nothing is accepted. */                  \
    X(24, accept, 0, NONE, 0, (3, uint64_t, charge, uint32_t, handles, uint32_t, flags))           \
                                                                                                   \
    /* --- memory: slots are parcel descriptors without a mode --- */                              \
    /* Fills empty slots of a process (0: one's own) with zeroed memory, by kind (MEMORY_),        \
       with the descriptor's rights. Tables on the way are made and charged. Not writable and      \
       executable at once. MEMORY_PAGES makes pages of level 1 present, at least MEMORY_GROUP,     \
       and above level 1 and behind these grants what MEMORY_ZERO does. What it makes present      \
       follows in pieces: MEMORY_FILL | n << MEMORY_GROUP_SHIFT on slots that are filled           \
       and writable makes their n-th MEMORY_GROUP pages present (those before one that fails       \
       stay so). ERR_BAD_SLOT, ERR_OCCUPIED, ERR_NO_FRAME; MEMORY_FILL: ERR_EMPTY,                 \
       ERR_BAD_ARGUMENT (behind the slots). MEMORY_PAGER | cookie << MEMORY_COOKIE_SHIFT: pages    \
       (level 1) of a process whose pager one is, to be provided at the first touch, with cookies  \
       from this one on; they are charged now, and are not given, lent or cloned before.           \
       ERR_NOT_ALLOWED (one is not), ERR_BAD_SLOT, ERR_BAD_ARGUMENT (a cookie of more than 40      \
       bits). MEMORY_LARGE, level 2 or 3: large pages, charged as the tables that they may become; \
       zeroed when first touched, or before by MEMORY_FILL, of which each zeroes MEMORY_GROUP      \
       pages of them. ERR_PAGE_SIZE; ERR_NO_RUN, but each try frees some of what waits for that. */\
    X(32, memory_create, 0, NONE, 0, (3, handle_t, process, parcel_t, slots, uint64_t, kind))      \
    /* Empties slots. ERR_BAD_SLOT, ERR_BUSY, ERR_AWAY (cookies below level 1: free their pages    \
       first). */                                                                                  \
    X(33, memory_free, 0, NONE, 0, (1, parcel_t, slots))                                           \
    /* Copy-on-write clone of slots at an empty place of the same level, charged in full.          \
       ERR_BAD_SLOT, ERR_OCCUPIED, ERR_EMPTY, ERR_AWAY, ERR_BUSY. */                               \
    X(34, memory_clone, 0, NONE, 0, (2, parcel_t, source, uaddr_t, destination))                   \
    /* Sets rights to the descriptor's; rights that the memory came without are refused            \
       (ERR_NO_RIGHT), writable and executable at once too. ERR_BAD_SLOT, ERR_EMPTY, ERR_BUSY. */  \
    X(35, memory_protect, 0, NONE, 0, (1, parcel_t, slots))                                        \
    /* Makes empty slots ready for what arrives, as windows of so many neighbouring entries: each  \
       takes one parcel of its level with at most that many. Builds and pins the tables above.     \
       They are used in order, before those that are ready. A loan's window is ready again, before \
       all others, when the loan has gone home; a gift dissolves its window. ERR_BAD_SLOT,         \
       ERR_OCCUPIED, ERR_BAD_ARGUMENT (window does not divide the count). */                       \
    X(36, slot_prepare, 0, NONE, 0, (2, parcel_t, slots, uint32_t, window))                        \
    /* Takes prepared slots back. ERR_BAD_SLOT, ERR_EMPTY (not prepared, or in use). */            \
    X(37, slot_release, 0, NONE, 0, (1, parcel_t, slots))                                          \
    /* Results: descriptor of the entry that maps an address, at the level where it lies, with     \
       its rights and enum slot_state in bits 56-63; its charge. ERR_BAD_SLOT. */                  \
    X(38, parcel_query, 2, NONE, 0, (1, uaddr_t, address))                                         \
    /* Gives (mode GIVE) or clones (mode CLONE) slots of one's own into empty slots of a process   \
       (0: one's own), with the descriptor's rights, where the tables are made and charged.        \
       ERR_BAD_SLOT, ERR_OCCUPIED, ERR_EMPTY, ERR_AWAY, ERR_BUSY, ERR_NO_RIGHT. */                 \
    X(39, parcel_move, 0, PROCESS, RIGHT_CONTROL,                                                  \
      (3, handle_t, process, parcel_t, source, uaddr_t, destination))                              \
    /* Makes a table of one large page or ZERO entry, level 2 to 4, if it is none yet; of its      \
       charge, rights and contents nothing changes. ERR_BAD_ARGUMENT (level 1, more than one       \
       entry), ERR_BAD_SLOT (also: nothing there), ERR_AWAY, ERR_BUSY (also: not zeroed yet, as    \
       with whatever needs a part of such a page), ERR_NO_FRAME. */                                \
    X(40, memory_split, 0, NONE, 0, (1, parcel_t, slots))                                          \
    /* The reverse, for one table, level 2 or 3: of pages, all private and with the same rights,   \
       whose frames lie together, one large page. ERR_BAD_ARGUMENT, ERR_BAD_SLOT (no table),       \
       ERR_AWAY, ERR_BUSY, ERR_NO_RUN (not such entries, or pages cannot be as large),             \
       ERR_NO_FRAME. */                                                                            \
    X(41, memory_join, 0, NONE, 0, (1, parcel_t, slots))                                           \
    /* Clones one's own address space, at most 256 entries of it and those beside what is pinned,  \
       into the empty one of a process, which is charged in full. What is lent, borrowed, in       \
       flight or prepared is empty there. ERR_OCCUPIED (not empty), ERR_AWAY (with a pager),       \
       ERR_NO_FRAME. */                                                                            \
    X(42, fork, 0, PROCESS, RIGHT_CONTROL, (1, handle_t, process))                                 \
    /* 43, pin: reserved. */                                                                       \
    /* Moves limit from one account to another. ERR_NO_MEMORY (not free in the first). */          \
    X(44, account_fund, 0, PROCESS, RIGHT_FUND,                                                    \
      (3, handle_t, from, handle_t, to, uint64_t, frames))                                         \
    /* Results: frames used, and limit. */                                                         \
    X(45, account_query, 2, PROCESS, 0, (1, handle_t, process))                                    \
    /* Of a process whose pager one is, looks at pages from an address on, until it finds one that \
       has not been touched since it was last looked at, or has looked for long. That page moves to\
       an empty place of one's own, where it is charged too, and a cookie stands where it was, as  \
       memory_create leaves one with MEMORY_PAGER. Passed over is what is pinned, executable,      \
       shared with others, or a large page. Results: where to look next (from LAYOUT_LIMIT on: that\
       was all), and where the page was (0: none was found). ERR_NOT_ALLOWED (one is not its       \
       pager), ERR_BAD_SLOT and ERR_OCCUPIED (one's own place), ERR_BAD_ARGUMENT (a cookie of more \
       than 40 bits, or no page's address). */                                                     \
    X(46, memory_evict, 2, PROCESS, RIGHT_CONTROL,                                                 \
      (4, handle_t, process, uaddr_t, address, uint64_t, cookie, uaddr_t, destination))            \
                                                                                                   \
    /* --- processes and threads --- */                                                            \
    /* An empty process, with a limit taken from one's own account (its own objects are charged    \
       to it: at least PROCESS_LIMIT_MINIMUM) and a name of up to 16 bytes. Result: its handle.    \
       ERR_NO_HANDLE, ERR_BAD_ARGUMENT. */                                                         \
    X(48, process_create, 1, NONE, 0,                                                              \
      (3, uint64_t, limit, uint64_t, name_low, uint64_t, name_high))                               \
    /* Puts a handle into a process (moved: one's own goes away), with these of its rights.        \
       Result: the handle's value there. ERR_NO_HANDLE, ERR_NO_RIGHT without RIGHT_TRANSFER,       \
       ERR_ENDED, ERR_NOT_ALLOWED (a process that has not started into one that has not). */       \
    X(49, process_grant, 1, PROCESS, RIGHT_CONTROL,                                                \
      (4, handle_t, process, handle_t, handle, rights_t, rights, uint32_t, moved))                 \
    /* A thread that begins at entry with rsp = stack and rdi = argument. Result: its handle.      \
       ERR_BAD_ARGUMENT, ERR_ENDED, ERR_NO_HANDLE. */                                              \
    X(50, thread_create, 1, PROCESS, RIGHT_CONTROL,                                                \
      (4, handle_t, process, uaddr_t, entry, uaddr_t, stack, uint64_t, argument))                  \
    /* Ends a process (0: one's own; does not return then) with a status, 0 to 255. */             \
    X(51, process_end, 0, PROCESS, RIGHT_END, (2, handle_t, process, uint32_t, status))            \
    /* Ends this thread, and its process with status 0 if it was the last. */                      \
    X(52, thread_end, 0, NONE, 0, (0))                                                             \
    /* A death message comes to a port of one's own when the process ends, at once if it has.      \
       Instead of a handle, a server may name the number of a process that has called that port    \
       (number != 0, process 0): it then hears of a client's end. */                               \
    X(53, process_watch, 0, NONE, 0,                                                               \
      (4, handle_t, process, uint32_t, number, handle_t, port, uint64_t, badge))                   \
    /* Has the faults of a process that has not started arrive at a port of one's own, with this   \
       badge, instead of ending it (KIND_FAULT; the answer: include/abi/message.h). `unseen`: 0, or\
       pages of one's own that are there and stay: whenever memory with a cookie is freed, the     \
       cookie's bit is set in them, for whoever takes all bits by an atomic exchange; cookies that \
       have no bit there are forgotten. What is left when the process ends is not marked.          \
       ERR_NOT_ALLOWED (it has started, or has a pager), ERR_BAD_SLOT, ERR_BAD_ARGUMENT. */        \
    X(54, process_pager, 0, PROCESS, RIGHT_CONTROL,                                                \
      (4, handle_t, process, handle_t, port, uint64_t, badge, parcel_t, unseen))                   \
    /* Sets the thread's FS base. ERR_BAD_ARGUMENT. */                                             \
    X(55, thread_pointer, 0, NONE, 0, (1, uaddr_t, address))                                       \
    /* Lets another thread run. */                                                                 \
    X(56, yield, 0, NONE, 0, (0))                                                                  \
    /* 57, process_start: reserved. */                                                             \
    /* A handle (control, end) to the process of that number, whose faults arrive at this port of  \
       one's own. ERR_ENDED, ERR_NOT_ALLOWED (it has another pager), ERR_NO_HANDLE. */             \
    X(58, process_paged, 1, PORT, RIGHT_RECEIVE, (2, handle_t, port, uint32_t, number))            \
                                                                                                   \
    /* --- time, interrupts, I/O ports --- */                                                      \
    /* Signals bits when the deadline passes; a later call replaces it, deadline 0 cancels. */     \
    X(64, timer_set, 0, NOTIFICATION, RIGHT_BIND,                                                  \
      (3, handle_t, notification, uint64_t, bits, ticks_t, deadline))                              \
    /* Result: a handle for one interrupt line (an ISA or global interrupt number), with flags     \
       (IRQ_). ERR_BAD_ARGUMENT, ERR_BUSY, ERR_NO_HANDLE. */                                       \
    X(65, irq_create, 1, IRQ, RIGHT_DERIVE, (3, handle_t, irqs, uint32_t, line, uint32_t, flags))  \
    /* From now on the line signals these bits, and is masked until acknowledged. */               \
    X(66, irq_bind, 0, IRQ, RIGHT_OPEN,                                                            \
      (3, handle_t, irq, handle_t, notification, uint64_t, bits))                                  \
    /* Unmasks the line again. */                                                                  \
    X(67, irq_acknowledge, 0, IRQ, RIGHT_OPEN, (1, handle_t, irq))                                 \
    /* Masks the line until irq_acknowledge. */                                                    \
    X(68, irq_mask, 0, IRQ, RIGHT_OPEN, (1, handle_t, irq))                                        \
    /* Result: a handle for a range of I/O ports. ERR_BAD_ARGUMENT, ERR_NO_HANDLE. */              \
    X(69, io_create, 1, IO, RIGHT_DERIVE, (3, handle_t, io, uint32_t, first, uint32_t, count))     \
    /* Result: what the port (counted from the range's first) reads; width 1, 2 or 4 bytes. */     \
    X(70, io_read, 1, IO, RIGHT_OPEN, (3, handle_t, io, uint32_t, offset, uint32_t, width))        \
    X(71, io_write, 0, IO, RIGHT_OPEN,                                                             \
      (4, handle_t, io, uint32_t, offset, uint32_t, width, uint32_t, value))                       \
                                                                                                   \
    /* --- boot modules, log, system --- */                                                        \
    /* Moves pages of a module, from this one on, into empty slots (level 1); their charge and     \
       the limit for it come with them. ERR_BAD_SLOT, ERR_OCCUPIED, ERR_EMPTY (moved before, or    \
       past the end). */                                                                           \
    X(80, module_open, 0, MODULE, RIGHT_OPEN,                                                      \
      (3, handle_t, module, uint64_t, first_page, parcel_t, slots))                                \
    /* Writes text from a page of one's own into the log; level is enum log_level.                 \
       ERR_BAD_ARGUMENT (more than a page), ERR_BAD_SLOT. */                                       \
    X(88, log_write, 0, NONE, 0, (3, uint32_t, level, uaddr_t, address, uint32_t, length))         \
    /* Fills a writable page of one's own with records of a topic from an index on                 \
       (include/abi/query.h). Result: how many. ERR_BAD_ARGUMENT, ERR_BAD_SLOT. */                 \
    X(89, system_query, 1, SYSTEM, RIGHT_QUERY,                                                    \
      (4, handle_t, system, uint32_t, topic, uint64_t, index, uaddr_t, page))                      \
    /* Sets the log level of a kernel module (its index in topic QUERY_LOG), or of all (~0). */    \
    X(90, system_log_level, 0, SYSTEM, RIGHT_MANAGE,                                               \
      (3, handle_t, system, uint32_t, module, uint32_t, level))                                    \
    /* Ends the system in order: how is enum system_end, with a status 0 to 255. Comes back from   \
       SYSTEM_EXIT on a machine that is no emulator: who has the I/O ports powers it off. */       \
    X(91, system_end, 0, SYSTEM, RIGHT_MANAGE,                                                     \
      (3, handle_t, system, uint32_t, how, uint32_t, status))

enum system_call_number : uint8_t {
#define SYSTEM_CALL_ENUMERATOR(number, name, ...) CALL_##name = number,
    MESSAGE_CALL_TABLE(SYSTEM_CALL_ENUMERATOR) SYSTEM_CALL_TABLE(SYSTEM_CALL_ENUMERATOR)
#undef SYSTEM_CALL_ENUMERATOR
        SYSTEM_CALL_LIMIT
};

// accept
static constexpr uint32_t ACCEPT_HOLES = 1 << 0;      // parcels with empty entries too
static constexpr uint32_t ACCEPT_EXECUTABLE = 1 << 1; // what the sender gives as executable

// memory_create
static constexpr uint32_t MEMORY_PAGES = 0; // present at once: at least the first MEMORY_GROUP
static constexpr uint32_t MEMORY_ZERO = 1;  // charged now, a frame on first touch
static constexpr uint32_t MEMORY_FILL = 2;  // in bits 0-1: see memory_create
static constexpr uint32_t MEMORY_LARGE = 4; // large pages, charged now, zeroed on first touch
static constexpr uint32_t MEMORY_GROUP_SHIFT = 2;
static constexpr unsigned MEMORY_GROUP = 64; // pages that MEMORY_FILL makes present at once
static constexpr uint64_t MEMORY_PAGER = 3;  // in bits 0-1: see memory_create
static constexpr unsigned MEMORY_COOKIE_SHIFT = 2;
static constexpr unsigned MEMORY_COOKIE_BITS = 40;

// parcel_query, bits 56-63
enum slot_state : uint8_t {
    SLOT_EMPTY = 0,
    SLOT_ZERO = 1,
    SLOT_PAGE = 2,
    SLOT_TABLE = 3,
    SLOT_LENT = 4,
    SLOT_PAGER = 5,
    SLOT_LANDING = 6,  // prepared
    SLOT_BORROWED = 7, // somebody else's, until the reply
};

// process_create
static constexpr uint64_t PROCESS_LIMIT_MINIMUM = 16;

// irq_create
static constexpr uint32_t IRQ_LEVEL = 1 << 0; // level-triggered, else edge
static constexpr uint32_t IRQ_LOW = 1 << 1;   // active low, else high

// log_write, system_log_level
enum log_level : uint8_t { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

// system_end
enum system_end : uint8_t {
    SYSTEM_EXIT = 0,  // says the status on the second serial port, and leaves an emulator
    SYSTEM_RESET = 1, // resets the machine
};
