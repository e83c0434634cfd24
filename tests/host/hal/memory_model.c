#include "model_rules.h"

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
