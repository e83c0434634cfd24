#include "memory_model.h"

struct model_space model[SPACES];
unsigned model_shift;

// --- runs ----------------------------------------------------------------------------------------

uaddr_t model_address(const struct model_run *run) {
    return (8 + run->area) * level_size(2 + model_shift) + run->page * level_size(1 + model_shift);
}

uaddr_t model_word(const struct model_run *run, unsigned word) {
    return model_address(run) + word * (level_size(1 + model_shift) / WORDS);
}

parcel_t model_parcel(const struct model_run *run, enum parcel_mode mode, bool writable,
                      bool executable) {
    return parcel_make(model_address(run), run->level + model_shift, run->count, mode,
                       (writable ? PARCEL_WRITABLE : 0) | (executable ? PARCEL_EXECUTABLE : 0));
}

struct model_slot *model_slot(struct model_space *space, const struct model_run *run, unsigned i) {
    if (run->level == 2)
        return &space->area[run->area + i].slot;
    return &space->area[run->area].page[run->page + i].slot;
}

struct model_slot model_effective(struct model_space *space, const struct model_run *run,
                                  unsigned i) {
    struct model_slot slot = *model_slot(space, run, i);
    if (run->level == 2)
        return slot;
    const struct model_slot *area = &space->area[run->area].slot;
    slot.writable &= area->writable;
    slot.executable &= area->executable;
    slot.read_only |= area->read_only;
    slot.borrowed |= area->borrowed;
    slot.flight |= area->flight;
    return slot;
}

static bool plain(const struct model_slot *slot) { return !slot->borrowed && !slot->flight; }

static bool settled(const struct model_slot *slot) {
    return plain(slot) && (slot->kind == MODEL_EMPTY || slot->kind == MODEL_MEMORY);
}

// Neither lent, nor prepared, nor part of a parcel: it may be freed and protected.
static bool unpinned(const struct model_slot *slot) {
    return settled(slot) || (plain(slot) && slot->kind == MODEL_PAGER);
}

// No page of the area is pinned or elsewhere.
static bool area_settled(const struct model_area *area) {
    for (unsigned i = 0; i < PAGES; i++)
        if (!settled(&area->page[i].slot))
            return false;
    return true;
}

static bool area_has_holes(const struct model_area *area) {
    for (unsigned i = 0; i < PAGES; i++)
        if (area->page[i].slot.kind == MODEL_EMPTY)
            return true;
    return !area->full;
}

static bool inside_settled(struct model_space *space, const struct model_run *run, unsigned i) {
    return run->level == 1 || space->area[run->area + i].slot.kind != MODEL_MEMORY ||
           area_settled(&space->area[run->area + i]);
}

// Slot i, with what is inside, may be changed by its holder.
static bool changeable(struct model_space *space, const struct model_run *run, unsigned i) {
    struct model_slot slot = model_effective(space, run, i);
    for (unsigned page = 0; page < PAGES && run->level == 2; page++)
        if (slot.kind == MODEL_MEMORY && !unpinned(&space->area[run->area + i].page[page].slot))
            return false;
    return unpinned(&slot);
}

static bool has_way(struct model_space *space, const struct model_run *run) {
    return run->level == 2 || space->area[run->area].slot.kind == MODEL_MEMORY;
}

// Are the slots empty, and can there be such entries? The area may still be missing.
static bool takes(struct model_space *space, const struct model_run *run, bool writable,
                  bool executable) {
    if (run->level == 1) {
        const struct model_slot *area = &space->area[run->area].slot;
        if (!settled(area))
            return false;
        if (area->kind == MODEL_EMPTY)
            return true;
        if ((writable && !area->writable) || (executable && !area->executable))
            return false;
    }
    for (unsigned i = 0; i < run->count; i++) {
        const struct model_slot *slot = model_slot(space, run, i);
        if (slot->kind != MODEL_EMPTY || !plain(slot))
            return false;
    }
    return true;
}

// Tables on the way allow everything and are full of holes.
static void make_way(struct model_space *space, const struct model_run *run) {
    struct model_area *area = &space->area[run->area];
    if (run->level == 1 && area->slot.kind == MODEL_EMPTY)
        *area = (struct model_area){
            .slot = {.kind = MODEL_MEMORY, .writable = true, .executable = true}};
}

static void slot_clear(struct model_space *space, const struct model_run *run, unsigned i) {
    if (run->level == 2)
        space->area[run->area + i] = (struct model_area){};
    else
        space->area[run->area].page[run->page + i] = (struct model_page){};
}

// --- one space -----------------------------------------------------------------------------------

static void area_fill(struct model_area *area) {
    area->full = true;
    for (unsigned i = 0; i < PAGES; i++)
        area->page[i] = (struct model_page){
            .slot = {.kind = MODEL_MEMORY, .writable = true, .executable = true}};
}

bool model_create(struct model_space *space, const struct model_run *run, bool writable,
                  bool executable) {
    if ((writable && executable) || !takes(space, run, writable, executable))
        return false;
    make_way(space, run);
    for (unsigned i = 0; i < run->count; i++) {
        slot_clear(space, run, i);
        if (run->level == 2)
            area_fill(&space->area[run->area + i]);
        *model_slot(space, run, i) = (struct model_slot){
            .kind = MODEL_MEMORY, .writable = writable, .executable = executable};
    }
    return true;
}

bool model_create_pager(struct model_space *space, const struct model_run *run, bool writable,
                        bool executable, uint64_t cookie) {
    if (run->level + model_shift != 1 || !model_create(space, run, writable, executable))
        return false;
    for (unsigned i = 0; i < run->count; i++) {
        model_slot(space, run, i)->kind = MODEL_PAGER;
        space->area[run->area].page[run->page + i].value[0] = cookie + i;
    }
    return true;
}

static bool has_cookies(const struct model_area *area) {
    for (unsigned i = 0; i < PAGES; i++)
        if (area->page[i].slot.kind == MODEL_PAGER)
            return true;
    return false;
}

bool model_free(struct model_space *space, const struct model_run *run) {
    if (!has_way(space, run))
        return false;
    for (unsigned i = 0; i < run->count; i++)
        if (!changeable(space, run, i) ||
            (run->level == 2 && has_cookies(&space->area[run->area + i])))
            return false;
    for (unsigned i = 0; i < run->count; i++)
        slot_clear(space, run, i);
    return true;
}

bool model_protect(struct model_space *space, const struct model_run *run, bool writable,
                   bool executable) {
    if ((writable && executable) || !has_way(space, run))
        return false;
    const struct model_slot *area = &space->area[run->area].slot;
    if (run->level == 1 && ((writable && !area->writable) || (executable && !area->executable)))
        return false;
    for (unsigned i = 0; i < run->count; i++) {
        struct model_slot slot = model_effective(space, run, i);
        if (slot.kind == MODEL_EMPTY || !changeable(space, run, i) ||
            (writable && slot.read_only))
            return false;
    }
    for (unsigned i = 0; i < run->count; i++) {
        model_slot(space, run, i)->writable = writable;
        model_slot(space, run, i)->executable = executable;
    }
    return true;
}

bool model_refinable(struct model_space *space, const struct model_run *run) {
    return run->count == 1 && has_way(space, run) &&
           model_slot(space, run, 0)->kind == MODEL_MEMORY;
}

// ... if nothing else stands in its way.
bool model_joinable(struct model_space *space, const struct model_run *run) {
    return model_refinable(space, run) && changeable(space, run, 0) &&
           (run->level == 1 || !area_has_holes(&space->area[run->area]));
}

// --- windows -------------------------------------------------------------------------------------

static void window_push(struct model_space *space, const struct model_run *run, unsigned i,
                        unsigned window) {
    unsigned list = run->level - 1;
    struct model_window *windows = space->windows[list];
    for (unsigned n = space->window_count[list]++; n > 0; n--)
        windows[n] = windows[n - 1];
    windows[0] = run->level == 2 ? (struct model_window){run->area + i, 0, window}
                                 : (struct model_window){run->area, run->page + i, window};
    model_slot(space, run, i)->window = (uint16_t)window;
}

static void window_remove(struct model_space *space, unsigned list, unsigned n) {
    space->window_count[list]--;
    for (; n < space->window_count[list]; n++)
        space->windows[list][n] = space->windows[list][n + 1];
}

bool model_prepare(struct model_space *space, const struct model_run *run, unsigned window) {
    if (window == 0 || run->count % window != 0 || !takes(space, run, false, false))
        return false;
    make_way(space, run);
    for (unsigned i = 0; i < run->count; i++)
        *model_slot(space, run, i) = (struct model_slot){.kind = MODEL_LANDING};
    for (unsigned i = run->count; i != 0; i -= window)
        window_push(space, run, i - window, window);
    return true;
}

static bool window_inside(const struct model_window *window, const struct model_run *run) {
    if (run->level == 2)
        return window->area >= run->area && window->area < run->area + run->count;
    return window->area == run->area && window->page >= run->page &&
           window->page < run->page + run->count;
}

bool model_release(struct model_space *space, const struct model_run *run) {
    unsigned i = 0, list = run->level - 1;
    if (!has_way(space, run))
        return false;
    while (i < run->count) {
        const struct model_slot *slot = model_slot(space, run, i);
        if (slot->kind != MODEL_LANDING || slot->window == 0)
            return false;
        i += slot->window;
    }
    if (i != run->count)
        return false;
    for (unsigned n = space->window_count[list]; n-- > 0;)
        if (window_inside(&space->windows[list][n], run))
            window_remove(space, list, n);
    for (i = 0; i < run->count; i++)
        slot_clear(space, run, i);
    return true;
}

// --- parcels -------------------------------------------------------------------------------------

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
