// What the reference model looks at before it does something, and small steps of it.
#pragma once

#include "memory_model.h"

static inline bool plain(const struct model_slot *slot) { return !slot->borrowed && !slot->flight; }

static inline bool settled(const struct model_slot *slot) {
    return plain(slot) && (slot->kind == MODEL_EMPTY || slot->kind == MODEL_MEMORY);
}

// Neither lent, nor prepared, nor part of a parcel: it may be freed and protected.
static inline bool unpinned(const struct model_slot *slot) {
    return settled(slot) || (plain(slot) && slot->kind == MODEL_PAGER);
}

// No page of the area is pinned or elsewhere.
static inline bool area_settled(const struct model_area *area) {
    for (unsigned i = 0; i < PAGES; i++)
        if (!settled(&area->page[i].slot))
            return false;
    return true;
}

static inline bool area_has_holes(const struct model_area *area) {
    for (unsigned i = 0; i < PAGES; i++)
        if (area->page[i].slot.kind == MODEL_EMPTY)
            return true;
    return !area->full;
}

static inline bool inside_settled(struct model_space *space, const struct model_run *run, unsigned i) {
    return run->level == 1 || space->area[run->area + i].slot.kind != MODEL_MEMORY ||
           area_settled(&space->area[run->area + i]);
}

// Slot i, with what is inside, may be changed by its holder.
static inline bool changeable(struct model_space *space, const struct model_run *run, unsigned i) {
    struct model_slot slot = model_effective(space, run, i);
    for (unsigned page = 0; page < PAGES && run->level == 2; page++)
        if (slot.kind == MODEL_MEMORY && !unpinned(&space->area[run->area + i].page[page].slot))
            return false;
    return unpinned(&slot);
}

static inline bool has_way(struct model_space *space, const struct model_run *run) {
    return run->level == 2 || space->area[run->area].slot.kind == MODEL_MEMORY;
}

// Are the slots empty, and can there be such entries? The area may still be missing.
static inline bool takes(struct model_space *space, const struct model_run *run, bool writable,
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
static inline void make_way(struct model_space *space, const struct model_run *run) {
    struct model_area *area = &space->area[run->area];
    if (run->level == 1 && area->slot.kind == MODEL_EMPTY)
        *area = (struct model_area){
            .slot = {.kind = MODEL_MEMORY, .writable = true, .executable = true}};
}

static inline void slot_clear(struct model_space *space, const struct model_run *run, unsigned i) {
    if (run->level == 2)
        space->area[run->area + i] = (struct model_area){};
    else
        space->area[run->area].page[run->page + i] = (struct model_page){};
}

static inline bool has_cookies(const struct model_area *area) {
    for (unsigned i = 0; i < PAGES; i++)
        if (area->page[i].slot.kind == MODEL_PAGER)
            return true;
    return false;
}

static inline void window_push(struct model_space *space, const struct model_run *run, unsigned i,
                               unsigned window) {
    unsigned list = run->level - 1;
    struct model_window *windows = space->windows[list];
    for (unsigned n = space->window_count[list]++; n > 0; n--)
        windows[n] = windows[n - 1];
    windows[0] = run->level == 2 ? (struct model_window){run->area + i, 0, window}
                                 : (struct model_window){run->area, run->page + i, window};
    model_slot(space, run, i)->window = (uint16_t)window;
}

static inline void window_remove(struct model_space *space, unsigned list, unsigned n) {
    space->window_count[list]--;
    for (; n < space->window_count[list]; n++)
        space->windows[list][n] = space->windows[list][n + 1];
}
