// Steps on one space. Included once, by memory_steps.c.
#pragma once

#include "steps_world.h"

// What large pages take is there at once, and touches need frames later.
static bool memory_is_plenty(void) {
    struct frame_counts counts;
    frames_count(&counts);
    return counts.free + counts.zeroed > counts.total / 2;
}

static void large_zero(struct space *space, uaddr_t address) {
    uint64_t cookie;
    while (space_fault(space, address, 0, &cookie) == FAULT_ZEROING)
        ;
}

static struct frame *head_at(struct space *space, uaddr_t address) {
    struct path path;
    spinlock_acquire(&space->lock);
    (void)path_find(space, address, 2, &path);
    spinlock_release(&space->lock);
    return entry_frame(cell_load(path.cells));
}

// Most are zeroed at once; some are left to whoever comes, after a piece or none.
static status_t large_create(struct space *space, parcel_t slots) {
    status_t status = memory_create(space, slots, MEMORY_LARGE);
    unsigned left = pick(7, 4 * UNCLEAN);
    uint64_t cookie;
    for (unsigned i = 0; status == OK && i < parcel_count(slots); i++) {
        uaddr_t address = parcel_address(slots) + i * level_size(2);
        if (left >= UNCLEAN || is_unclean(unclean[left])) {
            large_zero(space, address);
            continue;
        }
        unclean[left] = head_at(space, address);
        if (left & 1)
            (void)space_fault(space, address, 0, &cookie);
    }
    return status;
}

static void step_create(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3);
    bool writable = numbers[5] & 3, executable = (numbers[5] >> 2 & 7) == 0;
    bool large = run.level + model_shift == 2 && numbers[6] >> 8 < 100 && memory_is_plenty();
    uint32_t kind = run.level == 2 ? (numbers[6] % 4 == 0 ? MEMORY_PAGES : MEMORY_ZERO)
                                   : numbers[6] & 1;
    parcel_t slots = model_parcel(&run, PARCEL_NONE, writable, executable);
    run_say(large ? "create large" : kind == MEMORY_ZERO ? "create zero" : "create pages", s,
            &run);
    status_t status = large ? large_create(space_of(s), slots)
                            : memory_create(space_of(s), slots, kind);
    if (!scarce(status))
        compare("create", status, model_create(&model[s], &run, writable, executable));
}

static void step_pager(unsigned s) {
    struct model_run run = run_pick(1 + (pick(2, 16) == 0), 3);
    bool writable = numbers[5] & 3, executable = (numbers[5] >> 2 & 7) == 0;
    uint64_t cookie = values;
    values += PAGES;
    run_say("create cookies", s, &run);
    status_t status = memory_create(
        space_of(s), model_parcel(&run, PARCEL_NONE, writable, executable),
        MEMORY_PAGER | cookie << MEMORY_COOKIE_SHIFT);
    if (!scarce(status))
        compare("create cookies", status,
                model_create_pager(&model[s], &run, writable, executable, cookie));
}

static void step_free(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3);
    run_say("free", s, &run);
    status_t status = memory_free(space_of(s), model_parcel(&run, PARCEL_NONE, false, false));
    if (!scarce(status))
        compare("free", status, model_free(&model[s], &run));
}

// One entry, mostly where something happened lately.
static struct model_run refine_pick(unsigned *s) {
    unsigned n = pick(6, 8);
    if (pick(5, 4) == 0)
        return run_pick(level_pick(), 3);
    *s = recent[n].space;
    struct model_run run = recent[n].run;
    run.count = run.count != 0;
    return run.count != 0 ? run : run_pick(level_pick(), 3);
}

static void step_split(unsigned s) {
    struct model_run run = refine_pick(&s);
    run_say("split", s, &run);
    status_t status =
        memory_regroup(space_of(s), model_parcel(&run, PARCEL_NONE, false, false), false);
    if (!scarce(status))
        compare("split", status, run.level + model_shift > 1 && model_refinable(&model[s], &run));
}

// Whether frames lie together, and others have them, is not in the model.
static void step_join(unsigned s) {
    struct model_run run = refine_pick(&s);
    run_say("join", s, &run);
    status_t status =
        memory_regroup(space_of(s), model_parcel(&run, PARCEL_NONE, false, false), true);
    if (status == OK || !model_joinable(&model[s], &run))
        compare("join", status, run.level + model_shift > 1 && model_joinable(&model[s], &run));
}

static void step_protect(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3);
    struct model_pass pass = pass_pick(5);
    run_say("protect", s, &run);
    status_t status = memory_protect(
        space_of(s), model_parcel(&run, PARCEL_NONE, pass.writable, pass.executable));
    if (!scarce(status))
        compare("protect", status, model_protect(&model[s], &run, pass.writable, pass.executable));
}

static void step_clone(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3), to = run_there(&run, 5);
    run_say("clone", s, &run);
    run_say("to", s, &to);
    status_t status = memory_clone(space_of(s), model_parcel(&run, PARCEL_NONE, false, false),
                                   model_address(&to));
    if (!scarce(status))
        compare("clone", status, model_clone(&model[s], &run, &to));
}

static void step_prepare(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3);
    unsigned window = pick(5, 8) == 0 ? pick(6, 4) : pick(5, 2) == 0 ? 1 : run.count;
    run_say("prepare", s, &run);
    status_t status =
        slot_prepare(space_of(s), model_parcel(&run, PARCEL_NONE, false, false), window);
    if (!scarce(status))
        compare("prepare", status, model_prepare(&model[s], &run, window));
}

// Mostly a window that is there.
static struct model_run release_pick(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3);
    unsigned list = run.level - 1;
    if (pick(5, 4) == 0 || model[s].window_count[list] == 0)
        return run;
    const struct model_window *window =
        &model[s].windows[list][pick(6, model[s].window_count[list])];
    return (struct model_run){run.level, window->area, window->page, window->window};
}

static void step_release(unsigned s) {
    struct model_run run = release_pick(s);
    run_say("release", s, &run);
    status_t status = slot_release(space_of(s), model_parcel(&run, PARCEL_NONE, false, false));
    if (!scarce(status))
        compare("release", status, model_release(&model[s], &run));
}
