// A message and the registers that it rides in.
//
//   register   sent                                    received
//   rax        bits 0-7 call number                    status, kind and charge (RESULT_ below)
//              bits 32-63 begin: the call's handle
//   rdi        handle: port, reply or notification     badge
//   rsi        tag                                     tag
//   rdx        parcel descriptor, 0 for none           parcel descriptor as it landed
//   r8         handles 0 and 1 (low, high half)        the same
//   r9         handles 2 and 3                         the same
//   r10        deadline in ticks, 0 for none           message number, 0 when not traced
//   rbx r12 r13 r14 r15  words 0 to 4                  words 0 to 4
//   rcx r11    taken by SYSCALL                        return address, flags
//   rbp        taken                                   0
//   rsp        kept                                    kept
//
// The map is the same for call, reply, reply_receive, receive and begin; a field that a call has
// no use for must be 0. The five words are callee-saved registers of the C calling convention, so
// the kernel carries them across without touching them. System calls that are not messages leave
// rbx, rbp and r12 to r15 alone (include/abi/system_calls.h).
#pragma once

#include <abi/types.h>

static constexpr unsigned MESSAGE_WORDS = 5;
static constexpr unsigned MESSAGE_HANDLES = 4;

// Tag of a request: method in bits 0-7, protocol number in bits 8-23.
// Tag of a reply: status_t in bits 0-15.
// Both: bits 24-27 say for handle 0 to 3 "moved" (the sender's own name goes away; otherwise it is
// duplicated); bits 28-31 are the protocol's own; bits 32-63 hold for each handle the rights that
// go along, eight bits each, ANDed with what the sender has.
static constexpr unsigned TAG_PROTOCOL_SHIFT = 8;
static constexpr unsigned TAG_MOVE_SHIFT = 24;
static constexpr unsigned TAG_FLAGS_SHIFT = 28;
static constexpr unsigned TAG_RIGHTS_SHIFT = 32;

// A parcel descriptor names a run of page-table entries and what is to happen to it.
//   bits 0-7    number of entries, less one (all in one table)
//   bit 8       0
//   bits 9-10   level, less one
//   bit 11      0
//   bits 12-46  the first slot's address, aligned for its level
//   bits 48-50  mode
//   bit 51      writable (asked for; as received: granted)
//   bit 52      executable (both sides must ask: see accept)
//   bit 53      received: the parcel has holes
// The other bits are 0.
static constexpr unsigned PARCEL_COUNT_BITS = 8;
// Not more, so that no system call takes long.
static constexpr unsigned PARCEL_ENTRIES = 1u << PARCEL_COUNT_BITS;
static constexpr unsigned PARCEL_LEVEL_SHIFT = 9;
static constexpr unsigned PARCEL_MODE_SHIFT = 48;
static constexpr uint64_t PARCEL_ADDRESS_MASK = 0x00007ffffffff000;
static constexpr uint64_t PARCEL_WRITABLE = 1ull << 51;
static constexpr uint64_t PARCEL_EXECUTABLE = 1ull << 52;
static constexpr uint64_t PARCEL_HOLES = 1ull << 53;
static constexpr uint64_t PARCEL_RESERVED = 0xffc0800000000900;

enum parcel_mode : uint8_t {
    PARCEL_NONE = 0,
    PARCEL_GIVE = 1,  // for good: the receiver pays
    PARCEL_LEND = 2,  // until the reply; PARCEL_WRITABLE lends it writable
    PARCEL_CLONE = 3, // a copy-on-write clone is given, the sender keeps its own
};

typedef uint64_t parcel_t;

static inline parcel_t parcel_make(uaddr_t slot, unsigned level, unsigned count,
                                   enum parcel_mode mode, uint64_t rights) {
    return slot | (count - 1) | (uint64_t)(level - 1) << PARCEL_LEVEL_SHIFT |
           (uint64_t)mode << PARCEL_MODE_SHIFT | rights;
}

static inline uaddr_t parcel_address(parcel_t parcel) { return parcel & PARCEL_ADDRESS_MASK; }

static inline unsigned parcel_count(parcel_t parcel) {
    return (unsigned)(parcel & (PARCEL_ENTRIES - 1)) + 1;
}

static inline unsigned parcel_level(parcel_t parcel) {
    return (unsigned)(parcel >> PARCEL_LEVEL_SHIFT & 3) + 1;
}

static inline enum parcel_mode parcel_mode(parcel_t parcel) {
    return (enum parcel_mode)(parcel >> PARCEL_MODE_SHIFT & 7);
}

// Bytes that one entry of a level spans.
static inline uint64_t level_size(unsigned level) {
    return PAGE_SIZE << (level - 1) * ENTRY_BITS;
}

static inline uint64_t parcel_size(parcel_t parcel) {
    return parcel_count(parcel) * level_size(parcel_level(parcel));
}

// rax as received: status in bits 0-15, kind in 16-19, taken in 20, failed in 21, parcel's charge
// in 24-63.
static constexpr unsigned RESULT_KIND_SHIFT = 16;
static constexpr unsigned RESULT_CHARGE_SHIFT = 24;
// With an error of a call: the server had taken the request before it went wrong.
static constexpr uint64_t RESULT_TAKEN = 1ull << 20;
// With a completion: the call failed; its error stands in the tag, where a reply has its status.
static constexpr uint64_t RESULT_FAILED = 1ull << 21;

// What a receive brings, in the order in which a port hands them out: notifications, then deaths
// and completions in order of arrival, then requests and faults (fairly between accounts, in order
// for each sender).
enum message_kind : uint8_t {
    KIND_REPLY = 0,        // of call: the reply
    KIND_REQUEST = 1,      // badge: the sender's (see port_derive)
    KIND_COMPLETION = 2,   // of begin: badge is the call object's; a process that did not begin it
                           // itself gets neither parcel nor handles
    KIND_NOTIFICATION = 3, // badge is the notification's; word 0 the bits that were set
    KIND_FAULT = 4,        // badge is that of process_pager; word 0 address, word 1 TOUCH_ bits,
                           // word 2 cookie; see below
    KIND_DEATH = 5,        // badge is the watch's; word 0 process number, word 1 exit status,
                           // word 2 enum end_cause in bits 0-7 and the processor's exception
                           // number in 8-15, word 3 address
};

// A fault is a request of the thread that touched memory, and is answered like one, at once or
// after reply_keep. Status OK lets the thread touch again. With it can come one page (GIVE or
// CLONE, of level 1) for the place that was touched, with the descriptor's rights, while that is
// still empty: the process pays for it, and for the tables on the way. Or while the same cookie is
// still there: then the process has paid, and what the place does not allow is left out of the
// rights. Only the pager makes cookies, but one may have been freed since the touch. Such a parcel
// needs no window and no charge accepted there. An answer that does not fit is refused, and can be
// made otherwise: ERR_OCCUPIED (the place has changed: answer OK without a parcel),
// ERR_BAD_ARGUMENT (another parcel, or handles), and those of parcel_move. Any other status, or no
// answer, ends the process (END_FAULTED).
static constexpr uint64_t TOUCH_WRITE = 1 << 0;   // access: else a read,
static constexpr uint64_t TOUCH_EXECUTE = 1 << 1; // or an instruction
static constexpr uint64_t TOUCH_EMPTY = 1 << 2;   // cause: nothing is there,
static constexpr uint64_t TOUCH_PAGER = 1 << 3;   // a cookie is,
static constexpr uint64_t TOUCH_NO_FRAME = 1 << 4; // or memory was granted but no frame is free

// Why a process ended.
enum end_cause : uint8_t {
    END_EXITED = 0, // by itself; the status is its own, 0 to 255
    END_KILLED = 1, // by a holder of its handle, or with its account
    END_FAULTED = 2 // by an exception or a fault that nobody resolved; the status is 126
};

// Badge as received with a request: the sender's process number in bits 0-31 (never reused while
// the system runs), in bits 32-63 what the port's owner gave to port_derive.
static constexpr unsigned BADGE_OWNER_SHIFT = 32;
