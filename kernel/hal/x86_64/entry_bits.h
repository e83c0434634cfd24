// Bits of a page-table entry (Intel SDM vol. 3A section 4.5.4, tables 4-15 to 4-20) and the use
// that Baton makes of those left to software. Final: everything that the kernel knows about a range
// of addresses stands in these 64 bits.
#pragma once

#include <stdint.h>

typedef uint64_t entry_t;

// --- present entries -----------------------------------------------------------------------------
static constexpr entry_t ENTRY_PRESENT = 1ull << 0;
static constexpr entry_t ENTRY_WRITE = 1ull << 1; // implies: the target has one reference
static constexpr entry_t ENTRY_USER = 1ull << 2;
static constexpr entry_t ENTRY_WRITE_THROUGH = 1ull << 3;
static constexpr entry_t ENTRY_NO_CACHE = 1ull << 4;
static constexpr entry_t ENTRY_ACCESSED = 1ull << 5;
static constexpr entry_t ENTRY_DIRTY = 1ull << 6;
static constexpr entry_t ENTRY_LARGE = 1ull << 7; // levels 2 and 3
static constexpr entry_t ENTRY_GLOBAL = 1ull << 8;
static constexpr entry_t ENTRY_WRITABLE = 1ull << 9;  // by right; without ENTRY_WRITE: shared
static constexpr entry_t ENTRY_BORROWED = 1ull << 10; // somebody else's, until the reply
static constexpr entry_t ENTRY_FLIGHT = 1ull << 11;   // in a message not yet accepted
static constexpr entry_t ENTRY_ADDRESS = 0x000ffffffffff000;
static constexpr entry_t ENTRY_READ_ONLY = 1ull << 52; // came without the right to write
static constexpr entry_t ENTRY_DMA = 1ull << 53;       // pinned for a device
static constexpr entry_t ENTRY_LEVEL_3 = 1ull << 54;   // with LARGE: of level 3, else of 2
// Bits 55-58 are free. Bits 59-62 are a protection key where that is switched on: left at 0.
static constexpr entry_t ENTRY_NO_EXECUTE = 1ull << 63;

// --- absent entries ------------------------------------------------------------------------------
// Rights and marks stand where they do in present entries: WRITABLE, NO_EXECUTE, READ_ONLY, FLIGHT
// (of a ZERO entry or a hole) and BORROWED (of a LENT entry: what is lent is); EMPTY ones have no
// rights. Bits 0-3 are 0, bits 4-6 kind, bits 12-51 a value stored inverted (so that the entry
// names no cacheable address; kinds without a value leave it 0), bits 53-62 a second value. All
// zero: what the table's frame says (EMPTY or ZERO).
enum absent_kind : uint8_t {
    ABSENT_DEFAULT = 0,
    ABSENT_EMPTY = 1,
    ABSENT_ZERO = 2,    // zeroed memory on first touch
    ABSENT_LENT = 3,    // value: the charge of what is lent; at level 1 0 for a hole, 1 for ZERO,
                        // the frame's number plus 1 for a page; rights: those it has at home
    ABSENT_PAGER = 4,   // value: cookie
    ABSENT_LANDING = 5, // second: entries in the window, 0 in all but its first entry; value there:
                        // page number of the next free window of the level, 0 for none
};
static constexpr unsigned ABSENT_KIND_SHIFT = 4;
static constexpr entry_t ABSENT_KIND = 7ull << ABSENT_KIND_SHIFT;
static constexpr entry_t ABSENT_TAKEN = 1ull << 8; // LANDING: first entry behind a loan that does
                                                   // not fill its window; second: of the window
static constexpr entry_t ABSENT_VALUE = 0x000ffffffffff000;
static constexpr unsigned ABSENT_VALUE_SHIFT = 12;
static constexpr unsigned ABSENT_SECOND_SHIFT = 53;
static constexpr entry_t ABSENT_SECOND = 0x3ffull << ABSENT_SECOND_SHIFT;
