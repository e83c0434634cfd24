// Parcels that travel with messages: acceptance, and loans coming home. Nothing is allocated here:
// the receiver prepared its windows with all tables above them.
#include "debug/crash.h"
#include "memory/landing.h"
#include "memory/parcel.h"

// --- acceptance ----------------------------------------------------------------------------------

// Everything that can refuse the parcel. Afterwards the receiver's account is charged.
static status_t pass_check(struct space *from, struct parcel *parcel, bool marked,
                           struct space *to, const struct acceptance *acceptance,
                           struct landing *landing) REQUIRES(from->lock, to->lock) {
    status_t status = parcel_look(from, parcel, marked);
    if (status != OK)
        return status;
    if (parcel_has_holes(parcel) && !(acceptance->flags & ACCEPT_HOLES))
        return ERR_EMPTY;
    if (!landing_find(to, parcel->run.level, parcel->run.count, landing))
        return ERR_NO_SLOT;
    if (parcel->mode == PARCEL_LEND)
        return OK;
    if (sums_charge(parcel->sums) > acceptance->charge)
        return ERR_NO_SLOT;
    if (parcel->mode == PARCEL_GIVE && from->account == to->account)
        return OK;
    return account_charge(to->account, sums_charge(parcel->sums));
}

// A page's translation can wait until the hart enters a space: nothing uses it. A table's cannot:
// the processor may look at a table that it remembers, and mark it as accessed, after it was freed.
static void run_owed(struct space *space, const struct run *run) REQUIRES(space->lock) {
    if (run->level == 1)
        tlb_owed(space);
    else
        tlb_changed(space, run->address, TABLE_ENTRIES);
}

// A lender with one thread does not run before the loan is home, or tlb_lender_stale comes first.
// The count is read after the entries have left; whoever adds a thread counts it first, then calls
// tlb_lender_stale.
static bool stays_cached(const struct space *from, const struct parcel *parcel) {
    return parcel->mode == PARCEL_LEND && parcel->run.level == 1 &&
           __c11_atomic_load(&from->runners, __ATOMIC_SEQ_CST) == 1;
}

// What a window becomes behind the parcel; returns the sums that are gone with it.
static struct sums window_rest(const struct parcel *parcel, const struct landing *landing) {
    unsigned count = parcel->run.count, rest = landing->window - count;
    cell_t *cells = &landing->path.cells[count];
    if (parcel->mode == PARCEL_LEND) {
        if (rest != 0)
            cell_store(cells, entry_window(0, landing->window) | ABSENT_TAKEN);
        return (struct sums){0, count * SUM_PINNED};
    }
    for (unsigned i = 0; i < rest; i++)
        cell_store(&cells[i], table_empty(path_table(&landing->path)));
    return (struct sums){-(rest * SUM_HOLES), landing->window * SUM_PINNED};
}

static void pass_commit(struct space *from, struct parcel *parcel, struct space *to,
                        const struct landing *landing) REQUIRES(from->lock, to->lock) {
    landing_unlink(to, parcel->run.level, landing->previous,
                   entry_next_window(cell_load(landing->path.cells)));
    parcel_put(parcel, &landing->path, window_rest(parcel, landing), false);
    if (parcel->mode != PARCEL_LEND) {
        to->landing_windows[parcel->run.level - 1]--;
        if (parcel->mode == PARCEL_GIVE && from->account != to->account)
            account_refund(from->account, sums_charge(parcel->sums));
    }
    if (parcel->flush && !stays_cached(from, parcel))
        run_owed(from, &parcel->run);
}

static parcel_t landed_as(const struct parcel *parcel, const struct landing *landing) {
    entry_t marks = path_marks(&landing->path, ENTRY_PRESENT | parcel->marks);
    return parcel_make(landing->address, parcel->run.level, parcel->run.count, parcel->mode,
                       rights_of_marks(marks) | (parcel_has_holes(parcel) ? PARCEL_HOLES : 0));
}

status_t parcel_pass(struct space *from, parcel_t descriptor, bool marked, struct space *to,
                     const struct acceptance *acceptance, parcel_t *landed, uint64_t *charge) {
    struct parcel parcel;
    struct landing landing;
    status_t status = parcel_decode(descriptor, &parcel);
    if (status != OK)
        return status;
    if (!(acceptance->flags & ACCEPT_EXECUTABLE))
        parcel.marks |= ENTRY_NO_EXECUTE;
    spaces_lock(from, to, parcel.run.level);
    status = pass_check(from, &parcel, marked, to, acceptance, &landing);
    if (status == OK) {
        pass_commit(from, &parcel, to, &landing);
        *landed = landed_as(&parcel, &landing);
        *charge = sums_charge(parcel.sums);
    }
    spinlocks_release(&from->lock, &to->lock);
    return status;
}

// --- coming home ---------------------------------------------------------------------------------

static bool entry_lent_on(entry_t entry, unsigned level) {
    bool below = entry_is_table(entry, level) && entry_frame(entry)->sums[1] != 0;
    return below || entry_is(entry, ABSENT_LENT) || (entry & ENTRY_FLIGHT);
}

// A descriptor that the kernel itself made or checked.
static void loan_find(const struct space *space, parcel_t descriptor, struct run *run,
                      struct path *path) REQUIRES(space->lock) {
    *run = (struct run){parcel_address(descriptor), parcel_level(descriptor),
                        parcel_count(descriptor)};
    bool found = path_find(space, run->address, run->level, path);
    assert(found);
}

static bool run_lent_on(const struct run *run, const struct path *path) {
    for (unsigned i = 0; i < run->count; i++)
        if (entry_lent_on(entry_at(path_table(path), &path->cells[i]), run->level))
            return true;
    return false;
}

bool parcel_lent_on(struct space *borrower, parcel_t landed) {
    struct run run;
    struct path path;
    spinlock_acquire(&borrower->lock);
    loan_find(borrower, landed, &run, &path);
    bool lent_on = run_lent_on(&run, &path);
    spinlock_release(&borrower->lock);
    return lent_on;
}

// Could the lender still hold a translation that is wrong for what came home? Above level 1 all
// were dropped. A page that is writable by right and shared may have been its own before.
static bool home_differs(entry_t lent, entry_t home, unsigned level) {
    if (level > 1 || entry_value(lent) <= 1)
        return false;
    return number_of_frame(entry_frame(home)) + 1 != entry_value(lent) ||
           (home & (ENTRY_WRITABLE | ENTRY_WRITE)) == ENTRY_WRITABLE;
}

// Moves the entries home, with the rights that they have there. True: translations may differ from
// what was lent.
static bool entries_return(const struct run *run, const struct path *from, const struct path *to) {
    struct sums gone = {}, come = {};
    unsigned level = run->level;
    bool differs = false;
    for (unsigned i = 0; i < run->count; i++) {
        entry_t entry = path_replace(from, i, ENTRY_LANDING);
        entry_t lent = cell_load(&to->cells[i]);
        assert((entry_marks(entry) & ENTRY_BORROWED) && entry_is(lent, ABSENT_LENT));
        sums_accumulate(&gone, sums_sub((struct sums){0, SUM_PINNED}, entry_sums(entry, level)));
        entry = entry_with(entry, entry_marks(lent));
        differs |= home_differs(lent, entry, level);
        path_replace(to, i, entry);
        sums_accumulate(&come, sums_sub(entry_sums(entry, level), entry_sums(lent, level)));
    }
    path_add(from, gone);
    path_add(to, come);
    return differs;
}

// The window that a loan lay in reaches further if a TAKEN entry follows.
static void window_return(struct space *space, const struct run *run, const struct path *path)
    REQUIRES(space->lock) {
    unsigned window = run->count;
    cell_t *behind = &path->cells[run->count];
    if (address_index(run->address, run->level) + run->count < TABLE_ENTRIES) {
        entry_t entry = cell_load(behind);
        if (entry_is(entry, ABSENT_LANDING) && (entry & ABSENT_TAKEN)) {
            window = entry_second(entry);
            cell_store(behind, ENTRY_LANDING);
        }
    }
    (void)landing_push(space, run->level, path->cells, run->address, window);
}

status_t parcel_return(struct space *borrower, parcel_t landed, struct space *lender,
                       parcel_t home) {
    struct run run, home_run;
    struct path path, home_path;
    status_t status = ERR_BUSY;
    spaces_lock(borrower, lender, parcel_level(landed));
    loan_find(borrower, landed, &run, &path);
    loan_find(lender, home, &home_run, &home_path);
    if (!run_lent_on(&run, &path)) {
        if (entries_return(&run, &path, &home_path))
            tlb_lender_stale(lender);
        run_owed(borrower, &run);
        window_return(borrower, &run, &path);
        status = OK;
    }
    spinlocks_release(&borrower->lock, &lender->lock);
    return status;
}
