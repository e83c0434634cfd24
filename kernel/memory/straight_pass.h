// Parcels of one entry that travel with a message, straight through: a page that is lent and comes
// home, a page or a table that is given, also in answer to a fault. Entries, sums, windows and
// generations are as parcel_pass, parcel_return and parcel_move_for leave them (pass.c, move.c), so
// a loan made here can come home there. What is unusual in any way, a lock that is held included,
// is left to them, with nothing changed.
//
// Neither process has another thread, so no hart runs in one of the two spaces but this one, which
// loads the receiver's root next: so a table that is given need not be flushed here. What this hart
// knows of it is dropped by that load or, where translations are tagged, is the sender's and out of
// use until somebody enters the sender's space, and finds its generation changed. The thread that
// lends a page waits, and comes back to the page that it knows. (A page that answers a fault may go
// between processes of several threads.)
#pragma once

#include "memory/landing.h"
#include "memory/straight.h"
#include "memory/tlb.h"

// A lent page's two entries. Both are pinned, so neither they nor the tables on the way go.
struct page_loan {
    cell_t *cell;    // the borrower's; nullptr: no such loan
    entry_t entry;   // the lender's as it was
    uint64_t window; // the borrower's as it was
};

// Where a page is wanted that lands in no window.
struct place {
    uaddr_t address;
    entry_t entry; // there now, but for execution: EMPTY, or a cookie, for which all is paid
};

static inline bool straight_lock(struct space *a, struct space *b)
    TRY_ACQUIRE(true, a->lock, b->lock)    NO_THREAD_SAFETY_ANALYSIS {
    if (__builtin_expect(!spinlock_try(&a->lock), 0))
        return false;
    if (__builtin_expect(spinlock_try(&b->lock), 1))
        return true;
    spinlock_release(&a->lock);
    return false;
}

static inline void straight_unlock(struct space *a, struct space *b) RELEASE(a->lock, b->lock)
    NO_THREAD_SAFETY_ANALYSIS {
    spinlock_release(&b->lock);
    spinlock_release(&a->lock);
}

// Whether the space has one thread. Read once more after an entry has left: whoever adds a thread
// counts it first.
static inline bool space_single(const struct space *space) {
    return __builtin_expect(__c11_atomic_load(&space->runners, __ATOMIC_SEQ_CST) == 1, 1);
}

[[gnu::always_inline]] static inline bool gift_pay(struct account *from, struct account *to,
                                                   uint64_t frames) {
    if (from == to)
        return true;
    if (account_charge(to, frames) != OK)
        return false;
    account_refund(from, frames);
    return true;
}

static inline entry_t page_lent(entry_t entry) {
    return entry_absent_make(ABSENT_LENT, (entry & ENTRY_ADDRESS) / PAGE_SIZE + 1, 0) |
           (entry & (ENTRY_WRITABLE | ENTRY_NO_EXECUTE));
}

// What a window of `size` entries becomes behind a gift in the first of them.
[[gnu::always_inline]] static inline void
window_dissolve(struct space *to, unsigned level, uint64_t size, uint64_t frames)
    REQUIRES(to->lock) {
    const struct path *there = &to->way[WAY_THERE];
    entry_t empty = table_empty(there->table[level - 1]);
    for (unsigned i = 1; __builtin_expect(i < size, 0); i++)
        cell_store(&there->cells[i], empty);
    path_add_from(there, level,
                  (struct sums){frames + (size - 1) * SUM_HOLES, -(size * SUM_PINNED)});
    to->landing_windows[level - 1]--;
}

// Gives the one entry of a descriptor, of this level, or lends it where `loan` is not nullptr: a
// page. The descriptor asks for nothing else, but may ask for it writable. It lands in a window, or
// a page in `place`, where that is not nullptr. Both spaces have one thread, but for such a page;
// tlb_wait follows, and a load of the receiver's root, before that runs. `accepted`, `charge`:
// frames.
[[gnu::always_inline]] static inline bool
straight_pass(struct space *from, parcel_t parcel, struct space *to, uint64_t accepted,
              unsigned level, struct page_loan *loan, const struct place *place,
              parcel_t *landed, uint64_t *charge) NO_THREAD_SAFETY_ANALYSIS {
    static constexpr entry_t unusual =
        ENTRY_BORROWED | ENTRY_FLIGHT | ENTRY_READ_ONLY | ENTRY_DMA | ENTRY_LARGE;
    enum way which = place != nullptr ? WAY_OWN : WAY_THERE;
    const struct path *own = &from->way[WAY_OWN], *there = &to->way[which];
    bool paid = place != nullptr && place->entry != ENTRY_EMPTY;
    uaddr_t address = parcel_address(parcel);
    if ((address & (level_size(level) - 1)) != 0 || !straight_lock(from, to))
        return false;
    uaddr_t slot = place != nullptr ? place->address : to->landing_first[level - 1];
    if (__builtin_expect(slot == 0, 0) || !way_find(to, which, slot, level) ||
        !way_find(from, WAY_OWN, address, level))
        goto out;
    entry_t entry = cell_load(own->cells), window = cell_load(there->cells);
    uint64_t frames = 1, size = entry_second(window);
    if (!entry_present(entry) || ((entry | own->any) & unusual))
        goto out;
    if (level > 1) {
        const struct frame *table = entry_frame(entry);
        frames = table->charge;
        if ((table->holes | table->sums[1]) != 0)
            goto out;
    }
    if (place != nullptr &&
        (path_pinned(there) || !address_in_range(slot) ||
         (entry_at(there->table[0], there->cells) & ~ENTRY_NO_EXECUTE) != place->entry))
        goto out;
    if (loan == nullptr && !paid &&
        (frames > accepted || !gift_pay(from->account, to->account, frames)))
        goto out;
    if (paid)
        account_refund(from->account, frames);
    if (place == nullptr)
        landing_unlink(to, level, nullptr, entry_next_window(window));
    entry = cell_exchange(own->cells, loan != nullptr ? page_lent(entry)
                                                      : table_empty(own->table[level - 1]));
    entry_t taken = parcel & PARCEL_WRITABLE
                        ? entry | ENTRY_WRITABLE
                        : (entry & ~(ENTRY_WRITABLE | ENTRY_WRITE)) | ENTRY_READ_ONLY;
    taken |= ENTRY_NO_EXECUTE | (loan != nullptr ? ENTRY_BORROWED : 0);
    cell_store(there->cells, taken);
    own->table[level - 1]->present--;
    there->table[level - 1]->present++;
    if (loan != nullptr) {
        if (size != 1)
            cell_store(there->cells + 1, entry_window(0, (unsigned)size) | ABSENT_TAKEN);
        path_add_from(own, level, (struct sums){0, SUM_AWAY + SUM_PINNED});
        *loan = (struct page_loan){there->cells, entry, window};
    } else {
        if (place == nullptr)
            window_dissolve(to, level, size, frames);
        else
            path_add_from(there, 1, paid ? (struct sums){0, -SUM_AWAY}
                                         : (struct sums){SUM_CHARGE - SUM_HOLES, 0});
        path_add_from(own, level, (struct sums){SUM_HOLES - frames, 0});
        __c11_atomic_fetch_add(&from->generation, 1, __ATOMIC_SEQ_CST);
        ways_cut(from, level);
    }
    if (!space_single(from))
        tlb_owed(from);
    *landed = slot | (parcel & ~PARCEL_ADDRESS_MASK);
    *charge = frames;
    straight_unlock(from, to);
    return true;
out:
    straight_unlock(from, to);
    return false;
}

// It comes home as it went.
static inline bool page_return(struct space *borrower, parcel_t landed, struct space *lender,
                               parcel_t home, struct page_loan *loan) NO_THREAD_SAFETY_ANALYSIS {
    static constexpr entry_t same = ENTRY_ADDRESS | ENTRY_FLIGHT | ENTRY_PRESENT;
    cell_t *cell = loan->cell;
    if (!straight_lock(borrower, lender))
        return false;
    bool done = !((cell_load(cell) ^ loan->entry) & same) &&
                way_find(lender, WAY_OWN, parcel_address(home), 1);
    if (done) {
        unsigned window = entry_second(loan->window);
        entry_t taken = landing_push(borrower, 1, cell, parcel_address(landed), window);
        if (window != 1)
            cell_store(cell + 1, ENTRY_LANDING);
        __c11_atomic_fetch_add(&borrower->generation, 1, __ATOMIC_SEQ_CST);
        if (!space_single(borrower))
            tlb_owed(borrower);
        cell_store(lender->way[WAY_OWN].cells,
                   loan->entry | (taken & (ENTRY_ACCESSED | ENTRY_DIRTY)));
        frame_number(virtual_to_physical(cell) / PAGE_SIZE)->present--; // its table's
        lender->way[WAY_OWN].table[0]->present++;
        path_add_from(&lender->way[WAY_OWN], 1, (struct sums){0, -(SUM_AWAY + SUM_PINNED)});
        loan->cell = nullptr;
    }
    straight_unlock(borrower, lender);
    return done;
}
