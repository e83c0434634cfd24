// Page-table entries as the kernel sees them. Encoding: entry_bits.h.
//
// A cell is the place of an entry in a table; it is read and written whole. An entry taken from a
// cell is made explicit first (entry_at): all-zero becomes what the table says it means, so EMPTY
// is always the kind ABSENT_EMPTY, whatever is stored. Marks are rights and states that present
// and absent entries have in common.
#pragma once

#include "memory/frame.h"

typedef _Atomic(entry_t) cell_t;

static constexpr entry_t ENTRY_MARKS =
    ENTRY_WRITABLE | ENTRY_NO_EXECUTE | ENTRY_READ_ONLY | ENTRY_BORROWED | ENTRY_FLIGHT;
static constexpr entry_t ENTRY_PINNED = ENTRY_BORROWED | ENTRY_FLIGHT | ENTRY_DMA;
static constexpr entry_t ENTRY_EMPTY = (entry_t)ABSENT_EMPTY << ABSENT_KIND_SHIFT;
static constexpr entry_t ENTRY_ZERO = (entry_t)ABSENT_ZERO << ABSENT_KIND_SHIFT;
// What all-zero entries of a table mean: this, or EMPTY.
static constexpr uint16_t ENTRY_ZERO_DEFAULT = ENTRY_ZERO | ENTRY_WRITABLE;

// --- cells ---------------------------------------------------------------------------------------

static inline cell_t *table_cells(const struct frame *table) {
    return (cell_t *)frame_contents(table);
}

static inline entry_t cell_load(const cell_t *cell) {
    return __c11_atomic_load((cell_t *)(uintptr_t)cell, __ATOMIC_RELAXED);
}

static inline void cell_store(cell_t *cell, entry_t entry) {
    __c11_atomic_store(cell, entry, __ATOMIC_RELEASE);
}

// For present entries: the processor may set the accessed and dirty bits at any time.
static inline entry_t cell_exchange(cell_t *cell, entry_t entry) {
    return __c11_atomic_exchange(cell, entry, __ATOMIC_ACQ_REL);
}

static inline void cell_set(cell_t *cell, entry_t bits) {
    __c11_atomic_fetch_or(cell, bits, __ATOMIC_ACQ_REL);
}

static inline void cell_clear(cell_t *cell, entry_t bits) {
    __c11_atomic_fetch_and(cell, ~bits, __ATOMIC_ACQ_REL);
}

static inline entry_t entry_at(const struct frame *table, const cell_t *cell) {
    entry_t entry = cell_load(cell);
    return entry != 0 ? entry : table->default_entry;
}

// How EMPTY is stored in a table.
static inline entry_t table_empty(const struct frame *table) {
    return table->default_entry == ENTRY_EMPTY ? 0 : ENTRY_EMPTY;
}

static inline unsigned address_index(uaddr_t address, unsigned level) {
    return address >> (PAGE_BITS + (level - 1) * ENTRY_BITS) & (TABLE_ENTRIES - 1);
}

// --- entries -------------------------------------------------------------------------------------

static inline bool entry_present(entry_t entry) { return entry & ENTRY_PRESENT; }

static inline bool entry_is_table(entry_t entry, unsigned level) {
    return entry_present(entry) && level > 1 && !(entry & ENTRY_LARGE);
}

static inline enum absent_kind entry_absent(entry_t entry) {
    return (enum absent_kind)(entry >> ABSENT_KIND_SHIFT & 7);
}

static inline bool entry_is(entry_t entry, enum absent_kind kind) {
    return (entry & (ENTRY_PRESENT | ABSENT_KIND)) == (entry_t)kind << ABSENT_KIND_SHIFT;
}

static inline struct frame *entry_frame(entry_t entry) {
    return (struct frame *)((uint8_t *)LAYOUT_FRAMES +
                            (entry & ENTRY_ADDRESS) / (PAGE_SIZE / sizeof(struct frame)));
}

static inline uint64_t entry_value(entry_t entry) {
    return (~entry & ABSENT_VALUE) >> ABSENT_VALUE_SHIFT;
}

static inline unsigned entry_second(entry_t entry) {
    return (unsigned)((entry & ABSENT_SECOND) >> ABSENT_SECOND_SHIFT);
}

static inline entry_t entry_absent_make(enum absent_kind kind, uint64_t value, unsigned second) {
    return (entry_t)kind << ABSENT_KIND_SHIFT | (~(value << ABSENT_VALUE_SHIFT) & ABSENT_VALUE) |
           (entry_t)second << ABSENT_SECOND_SHIFT;
}

// --- large pages (large.h) -----------------------------------------------------------------------

static inline unsigned large_level(entry_t entry) { return entry & ENTRY_LEVEL_3 ? 3 : 2; }

static inline entry_t large_bits(unsigned level) {
    return level > 1 ? ENTRY_LARGE | (level == 3 ? ENTRY_LEVEL_3 : 0) : 0;
}

// Does the entry stand for a table, which another holder's has become?
static inline bool large_is_split(entry_t entry) {
    return entry_frame(entry)->level != large_level(entry);
}

// More entries, or ~0 for one less, refer to what this one does.
void large_count(entry_t entry, uint32_t change);

// --- marks ---------------------------------------------------------------------------------------

static inline entry_t entry_marks(entry_t entry) { return entry & ENTRY_MARKS; }

// Is a present entry the only one that refers to its target?
static inline bool entry_is_sole(entry_t entry) {
    return __c11_atomic_load(&entry_frame(entry)->references, __ATOMIC_ACQUIRE) == 1 &&
           __builtin_expect(!(entry & ENTRY_LARGE) || !large_is_split(entry), 1);
}

// Adds W where the invariant allows it: writable by right, and the target has one reference.
static inline entry_t entry_settle(entry_t entry) {
    if ((entry & (ENTRY_PRESENT | ENTRY_WRITABLE)) == (ENTRY_PRESENT | ENTRY_WRITABLE) &&
        entry_is_sole(entry))
        entry |= ENTRY_WRITE;
    return entry;
}

// The entry with other marks, and with W as they allow it. An EMPTY entry has no rights.
static inline entry_t entry_with(entry_t entry, entry_t marks) {
    if (entry_is(entry, ABSENT_EMPTY))
        marks &= ENTRY_BORROWED | ENTRY_FLIGHT;
    return entry_settle((entry & ~(ENTRY_MARKS | ENTRY_WRITE)) | marks);
}

static inline entry_t entry_make(const struct frame *frame, entry_t marks) {
    return entry_settle(frame_address(frame) | ENTRY_PRESENT | ENTRY_USER | marks);
}

// Rights of a descriptor (PARCEL_WRITABLE, PARCEL_EXECUTABLE) as marks.
static inline entry_t marks_of_rights(parcel_t rights) {
    return (rights & PARCEL_WRITABLE ? ENTRY_WRITABLE : 0) |
           (rights & PARCEL_EXECUTABLE ? 0 : ENTRY_NO_EXECUTE);
}

static inline parcel_t rights_of_marks(entry_t marks) {
    return (marks & ENTRY_WRITABLE ? PARCEL_WRITABLE : 0) |
           (marks & ENTRY_NO_EXECUTE ? 0 : PARCEL_EXECUTABLE);
}

// --- sums ----------------------------------------------------------------------------------------

// What entries add to their table's sums, or the difference of two such: charge | holes << 32 and
// away | pinned << 32 as in struct frame. Differences work modulo 2^64.
struct sums {
    uint64_t low, high;
};

static constexpr uint64_t SUM_CHARGE = 1, SUM_HOLES = 1ull << 32; // of low
static constexpr uint64_t SUM_AWAY = 1, SUM_PINNED = 1ull << 32;  // of high

// Frames that a whole entry of a level charges, with its tables.
static inline uint64_t level_charge(unsigned level) {
    static constexpr uint64_t charge[LEVELS + 1] = {0, 1, 513, 262'657, 134'480'385};
    return charge[level];
}

// What an explicit entry of a level adds.
struct sums entry_sums(entry_t entry, unsigned level);

// Is the entry pinned, or something below it?
static inline bool entry_is_pinned(entry_t entry, unsigned level) {
    return entry_sums(entry, level).high >= SUM_PINNED;
}

static inline uint64_t sums_charge(struct sums sums) { return (uint32_t)sums.low; }
static inline uint64_t sums_away(struct sums sums) { return (uint32_t)sums.high; }

static inline void table_add(struct frame *table, struct sums sums) {
    table->sums[0] += sums.low;
    table->sums[1] += sums.high;
}

// One entry more refers to the same as this present one.
static inline void entry_reference(entry_t entry) {
    if (__builtin_expect(entry & ENTRY_LARGE, 0))
        large_count(entry, 1);
    else
        frame_reference(entry_frame(entry));
}

// Lets go of what an entry that has left its table referred to. No translation is left. A table or
// large page that nothing refers to any more waits for tables_free_one, however much is below it.
void entry_drop(entry_t entry, unsigned level);
void frame_bury(struct frame *frame); // lets it wait

// Lets go of what the entries of a table refer to that nothing refers to itself any more, of about
// `limit` at most: their cells are empty then, and those that are left count as present.
void table_drop(struct frame *table, unsigned limit);

// Frees a large page that waits, or a table and its pages, or half of them; what else is below it
// waits then. False if none waits.
bool tables_free_one(void);
