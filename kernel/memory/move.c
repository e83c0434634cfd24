// Parcels that move without a message: clones within a space, and into a space that one fills.
#include "memory/parcel.h"
#include "memory/straight.h"

static void sender_flush(struct space *space, const struct parcel *parcel) REQUIRES(space->lock) {
    if (parcel->flush)
        tlb_changed(space, parcel->run.address,
                    parcel->run.level == 1 ? parcel->run.count : TABLE_ENTRIES);
}

// Finds the page's entry that the cookie stands in, and what that allows. No table with a cookie is
// shared.
static status_t cookie_open(struct space *to, struct parcel *parcel, uaddr_t address,
                            uint64_t cookie, struct path *path) REQUIRES(to->lock) {
    bool found = path_find(to, address, 1, path);
    entry_t entry = entry_at(path_table(path), path->cells);
    if (!found || !entry_is(entry, ABSENT_PAGER) || entry_value(entry) != cookie)
        return ERR_OCCUPIED;
    entry_t marks = path_marks(path, entry);
    parcel->marks &= marks | ~ENTRY_WRITABLE;
    parcel->marks |= (marks & ENTRY_NO_EXECUTE) | (entry_marks(entry) & ENTRY_READ_ONLY);
    return OK;
}

status_t destination_open(struct space *to, const struct parcel *parcel, const struct run *run,
                          uint64_t charge, struct path *path) {
    status_t status = account_charge(to->account, charge);
    if (status != OK)
        return status;
    status = path_build(to, run->address, run->level, parcel->marks, path);
    if (status == OK && !path_is_empty(path, run->count))
        status = ERR_OCCUPIED;
    if (status != OK)
        account_refund(to->account, charge);
    return status;
}

// --- any entries ---------------------------------------------------------------------------------

static bool runs_overlap(const struct run *a, const struct run *b) {
    uint64_t size = a->count * level_size(a->level);
    return a->address < b->address + size && b->address < a->address + size;
}

// The rights of the original hold for the clone: all of them are asked of the way there.
static entry_t rights_of_run(const struct parcel *parcel) {
    entry_t rights = ENTRY_NO_EXECUTE;
    for (unsigned i = 0; i < parcel->run.count; i++) {
        entry_t entry = entry_at(path_table(&parcel->path), &parcel->path.cells[i]);
        entry_t marks = path_marks(&parcel->path, entry);
        rights |= marks & ENTRY_WRITABLE;
        if (!entry_is(entry, ABSENT_EMPTY))
            rights &= marks | ~ENTRY_NO_EXECUTE;
    }
    return rights;
}

[[gnu::always_inline]] static inline status_t
move_locked(struct space *from, struct parcel *parcel, struct space *to, const struct run *run,
            const uint64_t *cookie, bool own) REQUIRES(from->lock, to->lock) {
    struct path path;
    status_t status = parcel_look(from, parcel, false);
    if (status == OK && !own && parcel_has_holes(parcel))
        status = ERR_EMPTY;
    if (status != OK)
        return status;
    if (own)
        parcel->marks = rights_of_run(parcel);
    bool pays = parcel->mode == PARCEL_CLONE || from->account != to->account;
    uint64_t charge = pays ? sums_charge(parcel->sums) : 0;
    status = cookie != nullptr ? cookie_open(to, parcel, run->address, *cookie, &path)
                               : destination_open(to, parcel, run, charge, &path);
    if (status != OK)
        return status;
    struct sums gone = {parcel->run.count * SUM_HOLES, 0};
    if (cookie != nullptr)
        gone = (struct sums){SUM_CHARGE, SUM_AWAY};
    parcel_put(parcel, &path, gone, own);
    if (parcel->mode == PARCEL_GIVE && (pays || cookie != nullptr))
        account_refund(from->account, sums_charge(parcel->sums));
    sender_flush(from, parcel);
    return OK;
}

// `own`: a clone within a space, with its holes and the rights that each entry has.
[[gnu::always_inline]] static inline status_t
run_move(struct space *from, parcel_t source, struct space *to, uaddr_t destination,
         const uint64_t *cookie, bool own) {
    struct parcel parcel;
    struct run run;
    status_t status = parcel_decode(source, &parcel);
    if (status == OK && parcel.mode == PARCEL_LEND)
        status = ERR_BAD_ARGUMENT;
    if (status == OK)
        status = run_at(destination, &parcel.run, &run);
    if (status == OK && own && runs_overlap(&parcel.run, &run))
        status = ERR_OCCUPIED;
    if (status != OK)
        return status;
    spaces_lock(from, to, run.level);
    status = move_locked(from, &parcel, to, &run, cookie, own);
    spinlocks_release(&from->lock, &to->lock);
    return status;
}

status_t parcel_move_for(struct space *from, parcel_t source, struct space *to,
                         uaddr_t destination, const uint64_t *cookie) {
    return run_move(from, source, to, destination, cookie, false);
}

// --- within a space ------------------------------------------------------------------------------

// One entry that is present, straight through.
static bool entry_clone(struct space *space, parcel_t source, uaddr_t destination) {
    const struct path *way = &space->way[WAY_OWN], *there = &space->way[WAY_THERE];
    unsigned level = parcel_level(source);
    uaddr_t address = parcel_address(source);
    if (((address | destination) & (level_size(level) - 1)) || !address_in_range(destination) ||
        !way_open(space, source, PARCEL_WRITABLE | 3ull << PARCEL_LEVEL_SHIFT, level))
        return false;
    entry_t entry = cell_load(way->cells);
    struct sums sums = {SUM_CHARGE, 0};
    if (entry_is_table(entry, level))
        sums = (struct sums){entry_frame(entry)->sums[0], entry_frame(entry)->sums[1]};
    bool done = (entry & (ENTRY_PRESENT | ENTRY_PINNED | ENTRY_LARGE)) == ENTRY_PRESENT &&
                sums.high == 0 && way_find(space, WAY_THERE, destination, level) &&
                !path_pinned(there) && !((way->any | there->any) & ~entry & ENTRY_NO_EXECUTE) &&
                entry_at(there->table[level - 1], there->cells) == ENTRY_EMPTY &&
                account_charge(space->account, sums_charge(sums)) == OK;
    if (done) {
        frame_reference(entry_frame(entry));
        cell_clear(way->cells, ENTRY_WRITE);
        cell_store(there->cells, entry & ~(ENTRY_WRITE | ENTRY_READ_ONLY));
        there->table[level - 1]->present++;
        path_add_from(there, level, (struct sums){sums.low - SUM_HOLES, 0});
        ways_cut(space, level);
        if (entry & ENTRY_WRITE)
            tlb_changed(space, address, level == 1 ? 1 : TABLE_ENTRIES);
    }
    spinlock_release(&space->lock);
    tlb_wait();
    return done;
}

[[gnu::noinline]] static status_t slots_clone(struct space *space, parcel_t source,
                                              uaddr_t destination) {
    static constexpr parcel_t mode = (parcel_t)PARCEL_CLONE << PARCEL_MODE_SHIFT;
    if (source & PARCEL_MODES)
        return ERR_BAD_ARGUMENT;
    status_t status = run_move(space, source | mode, space, destination, nullptr, true);
    tlb_wait();
    return status;
}

status_t memory_clone(struct space *space, parcel_t source, uaddr_t destination) {
    return entry_clone(space, source, destination) ? OK : slots_clone(space, source, destination);
}
