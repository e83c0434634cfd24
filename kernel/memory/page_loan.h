// A loan of one page, straight through: what most messages that carry memory do. The entries, sums,
// windows and generations are as parcel_pass and parcel_return leave them (pass.c), so a loan made
// here can come home there. What is unusual in any way, a lock that is held included, is left to them,
// with nothing changed.
//
// Neither process has another thread, so no hart runs in one of the two spaces with a translation of
// the page. The lender's thread waits, and comes back to the page that it knows; whoever enters the
// borrower's space later finds its generation changed.
#pragma once

#include "memory/landing.h"
#include "memory/straight.h"
#include "memory/tlb.h"

// Where the page's two entries are. Both are pinned, so neither they nor the tables on the way go.
struct page_loan {
    cell_t *cell;         // the borrower's; nullptr: no such loan
    entry_t entry;        // the lender's as it was
    uint64_t window;      // entries of the borrower's window
    struct straight home; // the way to the lender's
};

static inline struct frame *cell_table(const cell_t *cell) {
    return frame_number(virtual_to_physical(cell) >> PAGE_BITS);
}

static inline bool page_spaces_try(struct space *a, struct space *b) TRY_ACQUIRE(true, a->lock, b->lock)
    NO_THREAD_SAFETY_ANALYSIS {
    if (__builtin_expect(!spinlock_try(&a->lock), 0))
        return false;
    if (__builtin_expect(spinlock_try(&b->lock), 1))
        return true;
    spinlock_release(&a->lock);
    return false;
}

static inline void page_spaces_unlock(struct space *a, struct space *b) RELEASE(a->lock, b->lock)
    NO_THREAD_SAFETY_ANALYSIS {
    spinlock_release(&b->lock);
    spinlock_release(&a->lock);
}

// The lender's sums when a page goes away (or, with ~0, comes back).
static inline void page_sums_add(const struct straight *home, uint64_t times) {
#pragma unroll
    for (unsigned level = 1; level <= LEVELS; level++) {
        home->table[level - 1]->sums[1] += times * (SUM_AWAY + SUM_PINNED);
    }
}

// Whether the space has one thread. Read once more after an entry has left: whoever adds a thread
// counts it first.
static inline bool space_single(const struct space *space) {
    return __builtin_expect(__c11_atomic_load(&space->runners, __ATOMIC_SEQ_CST) == 1, 1);
}

// Takes the first window; returns the descriptor as it lands.
static inline parcel_t page_window_take(struct space *to, cell_t *cell, parcel_t parcel,
                                        uint64_t *window) REQUIRES(to->lock) {
    entry_t entry = cell_load(cell);
    uaddr_t address = to->landing_first[0], next = entry_next_window(entry);
    *window = entry_second(entry);
    to->landing_first[0] = next;
    to->landing_cell = nullptr;
    if (next == 0)
        to->landing_last[0] = nullptr;
    if (entry_second(entry) != 1)
        cell_store(cell + 1, entry_window(0, entry_second(entry)) | ABSENT_TAKEN);
    return address | (parcel & ~PARCEL_ADDRESS_MASK);
}

static inline entry_t lent_value(entry_t entry) {
    return entry_absent_make(ABSENT_LENT, number_of_frame(entry_frame(entry)) + 1, 0);
}

// Moves the page of a descriptor that asks for no more than a loan of one page. Both spaces have one
// thread; tlb_wait follows before the borrower runs.
static inline bool page_lend(struct space *from, parcel_t parcel, struct space *to,
                             struct page_loan *loan, parcel_t *landed) NO_THREAD_SAFETY_ANALYSIS {
    static constexpr entry_t unusual = ENTRY_BORROWED | ENTRY_FLIGHT | ENTRY_READ_ONLY | ENTRY_DMA;
    if (!page_spaces_try(from, to))
        return false;
    struct straight home;
    cell_t *cell = to->landing_cell;
    if (__builtin_expect(cell == nullptr, 0) ||
        __builtin_expect(!straight_find(from, parcel_address(parcel), &home), 0))
        goto out;
    entry_t entry = cell_load(home.cell);
    if (__builtin_expect(!entry_present(entry) || ((entry | home.any) & unusual), 0))
        goto out;
    *landed = page_window_take(to, cell, parcel, &loan->window);
    entry = cell_exchange(home.cell, lent_value(entry) |
                                          marks_in_absent(entry & ENTRY_MARKS));
    loan->entry = entry;
    entry_t taken = (entry & ~(ENTRY_WRITABLE | ENTRY_WRITE)) | ENTRY_BORROWED | ENTRY_NO_EXECUTE;
    taken |= parcel & PARCEL_WRITABLE ? ENTRY_WRITABLE | (entry & ENTRY_WRITE) : ENTRY_READ_ONLY;
    cell_store(cell, taken);
    home.table[0]->present--;
    cell_table(cell)->present++;
    page_sums_add(&home, 1);
    loan->cell = cell;
    loan->home = home;
    if (!space_single(from))
        tlb_owed(from);
    page_spaces_unlock(from, to);
    return true;
out:
    page_spaces_unlock(from, to);
    return false;
}

// It comes home as it went.
static inline bool page_return(struct space *borrower, parcel_t landed, struct space *lender,
                               struct page_loan *loan) NO_THREAD_SAFETY_ANALYSIS {
    cell_t *cell = loan->cell;
    if (!page_spaces_try(borrower, lender))
        return false;
    static constexpr entry_t same = ENTRY_ADDRESS | ENTRY_FLIGHT | ENTRY_PRESENT;
    if (__builtin_expect(((cell_load(cell) ^ loan->entry) & same) != 0, 0)) {
        page_spaces_unlock(borrower, lender);
        return false;
    }
    uaddr_t first = borrower->landing_first[0];
    entry_t taken = cell_exchange(cell, entry_window(first, (unsigned)loan->window));
    if (loan->window != 1)
        cell_store(cell + 1, ENTRY_LANDING);
    borrower->landing_first[0] = parcel_address(landed);
    borrower->landing_cell = cell;
    if (first == 0)
        borrower->landing_last[0] = cell;
    __c11_atomic_fetch_add(&borrower->generation, 1, __ATOMIC_SEQ_CST);
    if (!space_single(borrower))
        tlb_owed(borrower);
    cell_store(loan->home.cell, loan->entry | (taken & (ENTRY_ACCESSED | ENTRY_DIRTY)));
    cell_table(cell)->present--;
    loan->home.table[0]->present++;
    page_sums_add(&loan->home, ~0ull);
    loan->cell = nullptr;
    page_spaces_unlock(borrower, lender);
    return true;
}
