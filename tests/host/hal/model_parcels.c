// The reference model of what travels: marks, passes, moves, clones, forks, evictions.
#include "model_rules.h"

static bool slot_may_leave(struct model_space *space, const struct model_run *run, unsigned i,
                           const struct model_pass *pass, bool marked) {
    struct model_slot slot = model_effective(space, run, i);
    if ((slot.kind != MODEL_EMPTY && slot.kind != MODEL_MEMORY) || slot.flight != marked ||
        (slot.borrowed && pass->mode != PARCEL_LEND) || !inside_settled(space, run, i))
        return false;
    return !(pass->writable && slot.read_only && pass->mode != PARCEL_CLONE);
}

static bool may_leave(struct model_space *space, const struct model_run *run,
                      const struct model_pass *pass, bool marked) {
    unsigned empty = 0;
    if ((pass->writable && pass->executable) || !has_way(space, run))
        return false;
    for (unsigned i = 0; i < run->count; i++) {
        if (!slot_may_leave(space, run, i, pass, marked))
            return false;
        empty += model_slot(space, run, i)->kind == MODEL_EMPTY;
    }
    return empty != run->count;
}

static bool has_holes(struct model_space *space, const struct model_run *run) {
    for (unsigned i = 0; i < run->count; i++)
        if (model_slot(space, run, i)->kind == MODEL_EMPTY ||
            (run->level == 2 && area_has_holes(&space->area[run->area + i])))
            return true;
    return false;
}

static void slot_copy(struct model_space *from, const struct model_run *a, struct model_space *to,
                      const struct model_run *b, unsigned i) {
    if (a->level == 2)
        to->area[b->area + i] = from->area[a->area + i];
    else
        to->area[b->area].page[b->page + i] = from->area[a->area].page[a->page + i];
}

// Moves slot i of run a to run b, which is empty, with the rights that the mode gives it.
static void slot_pass(struct model_space *from, const struct model_run *a,
                      const struct model_pass *pass, struct model_space *to,
                      const struct model_run *b, unsigned i) {
    struct model_slot *source = model_slot(from, a, i), *landed = model_slot(to, b, i);
    source->flight = false;
    slot_copy(from, a, to, b, i);
    *landed = (struct model_slot){.kind = source->kind, .borrowed = pass->mode == PARCEL_LEND};
    if (source->kind == MODEL_MEMORY) {
        landed->writable = pass->writable;
        landed->executable = pass->executable;
        landed->read_only = !pass->writable && pass->mode != PARCEL_CLONE;
    }
    if (pass->mode == PARCEL_GIVE)
        slot_clear(from, a, i);
    else if (pass->mode == PARCEL_LEND)
        source->kind = MODEL_LENT;
}

bool model_mark(struct model_space *space, const struct model_run *run,
                const struct model_pass *pass) {
    if (!may_leave(space, run, pass, false))
        return false;
    for (unsigned i = 0; i < run->count; i++)
        model_slot(space, run, i)->flight = true;
    return true;
}

void model_unmark(struct model_space *space, const struct model_run *run) {
    for (unsigned i = 0; i < run->count; i++)
        model_slot(space, run, i)->flight = false;
}

static bool window_find(struct model_space *space, const struct model_run *run,
                        struct model_run *landed, unsigned *window) {
    unsigned list = run->level - 1;
    for (unsigned n = 0; n < space->window_count[list]; n++) {
        struct model_window found = space->windows[list][n];
        if (found.window < run->count)
            continue;
        *landed = (struct model_run){run->level, found.area, found.page, run->count};
        *window = found.window;
        window_remove(space, list, n);
        return true;
    }
    return false;
}

bool model_pass(struct model_space *from, const struct model_run *run,
                const struct model_pass *pass, bool marked, struct model_space *to, bool holes,
                bool execution, struct model_run *landed, unsigned *window) {
    struct model_pass granted = *pass;
    granted.executable &= execution;
    if (!may_leave(from, run, pass, marked) || (has_holes(from, run) && !holes) ||
        !window_find(to, run, landed, window))
        return false;
    struct model_run whole = *landed;
    whole.count = *window;
    for (unsigned i = 0; i < *window; i++)
        if (i >= run->count && pass->mode == PARCEL_LEND)
            model_slot(to, &whole, i)->window = 0;
        else
            slot_clear(to, &whole, i);
    for (unsigned i = 0; i < run->count; i++)
        slot_pass(from, run, &granted, to, landed, i);
    return true;
}

static bool runs_overlap(const struct model_run *a, const struct model_run *b) {
    if (a->level == 2)
        return a->area < b->area + b->count && b->area < a->area + a->count;
    return a->area == b->area && a->page < b->page + b->count && b->page < a->page + a->count;
}

bool model_move(struct model_space *from, const struct model_run *run,
                const struct model_pass *pass, struct model_space *to,
                const struct model_run *destination) {
    if (pass->mode == PARCEL_LEND || !may_leave(from, run, pass, false) || has_holes(from, run) ||
        !takes(to, destination, pass->writable, pass->executable))
        return false;
    make_way(to, destination);
    for (unsigned i = 0; i < run->count; i++)
        slot_pass(from, run, pass, to, destination, i);
    return true;
}

bool model_clone(struct model_space *space, const struct model_run *from,
                 const struct model_run *to) {
    struct model_pass pass = {.mode = PARCEL_CLONE};
    bool writable = false, executable = false;
    if (runs_overlap(from, to) || !may_leave(space, from, &pass, false))
        return false;
    for (unsigned i = 0; i < from->count; i++) {
        struct model_slot slot = model_effective(space, from, i);
        writable |= slot.kind == MODEL_MEMORY && slot.writable;
        executable |= slot.kind == MODEL_MEMORY && slot.executable;
    }
    if (!takes(space, to, writable, executable))
        return false;
    make_way(space, to);
    for (unsigned i = 0; i < from->count; i++) {
        struct model_slot slot = model_effective(space, from, i);
        pass.writable = slot.writable;
        pass.executable = slot.executable;
        slot_pass(space, from, &pass, space, to, i);
    }
    return true;
}

// What is lent, borrowed, in flight or prepared is not there; nor is an area that held nothing
// else.
static void area_fork(const struct model_area *parent, struct model_area *child) {
    bool left_out = false, left = parent->full;
    *child = *parent;
    for (unsigned page = 0; page < PAGES; page++) {
        if (!settled(&parent->page[page].slot)) {
            child->page[page] = (struct model_page){};
            left_out = true;
        }
        left |= child->page[page].slot.kind != MODEL_EMPTY;
    }
    if (left_out && !left)
        *child = (struct model_area){};
}

// Cookies cannot be in two places.
bool model_fork(const struct model_space *parent, struct model_space *child) {
    *child = (struct model_space){};
    for (unsigned i = 0; i < AREAS; i++)
        if (has_cookies(&parent->area[i]))
            return false;
    for (unsigned i = 0; i < AREAS; i++)
        if (settled(&parent->area[i].slot))
            area_fork(&parent->area[i], &child->area[i]);
    return true;
}

// A page takes the place of its cookie, with the rights that both have.
bool model_answer(struct model_space *from, const struct model_run *run,
                  const struct model_pass *pass, struct model_space *to,
                  const struct model_run *destination, uint64_t cookie) {
    const struct model_slot there = model_effective(to, destination, 0);
    bool read_only = model_slot(to, destination, 0)->read_only;
    if (pass->mode == PARCEL_LEND || !may_leave(from, run, pass, false) || has_holes(from, run) ||
        there.kind != MODEL_PAGER ||
        to->area[destination->area].page[destination->page].value[0] != cookie)
        return false;
    slot_pass(from, run, pass, to, destination, 0);
    struct model_slot *landed = model_slot(to, destination, 0);
    landed->writable &= there.writable;
    landed->executable &= there.executable;
    landed->read_only |= read_only; // what came read-only, and was evicted meanwhile
    return true;
}

bool model_way(struct model_space *space, const struct model_run *run) {
    if (!takes(space, run, true, false))
        return false;
    make_way(space, run);
    return true;
}

// The page goes, with what is in it; its place keeps its rights.
bool model_evict(struct model_space *from, const struct model_run *run, uint64_t cookie,
                 struct model_space *to, const struct model_run *destination) {
    struct model_page *page = &from->area[run->area].page[run->page];
    struct model_slot slot = model_effective(from, run, 0);
    if (!has_way(from, run) || !plain(&slot) || slot.kind != MODEL_MEMORY || slot.executable)
        return false;
    struct model_page *taken = &to->area[destination->area].page[destination->page];
    *taken = *page;
    taken->slot = (struct model_slot){.kind = MODEL_MEMORY, .writable = true};
    page->slot.kind = MODEL_PAGER;
    page->value[0] = cookie;
    return true;
}

bool model_return(struct model_space *borrower, const struct model_run *landed, unsigned window,
                  struct model_space *lender, const struct model_run *home) {
    for (unsigned i = 0; i < landed->count; i++) {
        const struct model_slot *slot = model_slot(borrower, landed, i);
        if (slot->kind == MODEL_LENT || slot->flight || !inside_settled(borrower, landed, i))
            return false;
    }
    for (unsigned i = 0; i < landed->count; i++) {
        struct model_slot *there = model_slot(lender, home, i), rights = *there;
        rights.kind = model_slot(borrower, landed, i)->kind;
        slot_copy(borrower, landed, lender, home, i);
        *there = rights;
        if (rights.kind == MODEL_EMPTY)
            *there = (struct model_slot){.borrowed = rights.borrowed};
        slot_clear(borrower, landed, i);
        model_slot(borrower, landed, i)->kind = MODEL_LANDING;
    }
    window_push(borrower, landed, 0, window);
    return true;
}
