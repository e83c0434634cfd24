// Steps on two spaces: gifts, loans, clones, answers, evictions. Included once, by memory_steps.c.
#pragma once

#include "steps_world.h"

static void landed_compare(parcel_t landed, const struct model_run *expected, unsigned to) {
    uint64_t place = model_parcel(expected, PARCEL_NONE, false, false);
    if ((landed & ~(PARCEL_WRITABLE | PARCEL_EXECUTABLE | PARCEL_HOLES | 7ull << 48)) != place)
        differ("landed elsewhere", (unsigned)landed, (unsigned)place);
    struct model_slot slot = model_effective(&model[to], expected, 0);
    if (slot.kind == MODEL_MEMORY && (slot.writable != ((landed & PARCEL_WRITABLE) != 0) ||
                                      slot.executable != ((landed & PARCEL_EXECUTABLE) != 0)))
        differ("rights granted", (unsigned)(landed >> 51), slot.writable);
}

static struct loan *loan_free(void) {
    for (unsigned i = 0; i < LOANS; i++)
        if (!loans[i].used)
            return &loans[i];
    return nullptr;
}

static void hart_leave_space(unsigned hart) {
    unsigned here = hart_self()->index;
    machine_switch(hart);
    machine_enter(nullptr);
    hart_space[hart] = -1;
    machine_switch(here);
}

// The straight ways (memory/straight_pass.h) are for spaces that no other hart runs.
static bool quick_allowed(unsigned a, unsigned b) {
    bool allowed = (numbers[8] & 8) != 0 && a != b;
    for (unsigned i = 0; i < HARTS && allowed; i++)
        if (i != hart_self()->index && (hart_space[i] == (int)a || hart_space[i] == (int)b))
            hart_leave_space(i);
    return allowed;
}

static bool quick_lend(unsigned from, const struct model_run *run, const struct model_pass *how,
                       unsigned to, struct loan *loan, parcel_t *landed) {
    parcel_t parcel = model_parcel(run, how->mode, how->writable, how->executable);
    static constexpr parcel_t variable = PARCEL_ADDRESS_MASK | PARCEL_WRITABLE;
    uint64_t charge;
    loan->quick = (parcel & ~variable) == (parcel_t)PARCEL_LEND << PARCEL_MODE_SHIFT &&
                  quick_allowed(from, to) &&
                  straight_pass(space_of(from), parcel, space_of(to), 0, 1, &loan->page, nullptr,
                                landed, &charge);
    return loan->quick;
}

// This hart loads the receiver's root at once.
static bool quick_give(unsigned from, const struct model_run *run, const struct model_pass *how,
                       unsigned to, parcel_t *landed, uint64_t *charge) {
    parcel_t parcel = model_parcel(run, how->mode, how->writable, how->executable);
    static constexpr parcel_t variable =
        PARCEL_ADDRESS_MASK | PARCEL_WRITABLE | 3ull << PARCEL_LEVEL_SHIFT;
    unsigned hart = hart_self()->index;
    if ((parcel & ~variable) != (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT ||
        parcel_level(parcel) == LEVELS || !quick_allowed(from, to) ||
        !straight_pass(space_of(from), parcel, space_of(to), PLENTY, parcel_level(parcel), nullptr,
                       nullptr, landed, charge))
        return false;
    space_runs(to);
    hart_space[hart] = (int)to;
    machine_enter(space_of(to));
    return true;
}

static bool pass(unsigned from, const struct model_run *run, const struct model_pass *how,
                 bool marked, unsigned to) {
    struct acceptance acceptance = {
        .charge = PLENTY,
        .flags = (numbers[8] & 3 ? ACCEPT_HOLES : 0) | (numbers[8] & 4 ? ACCEPT_EXECUTABLE : 0)};
    struct loan *loan = loan_free();
    parcel_t parcel = model_parcel(run, how->mode, how->writable, how->executable), landed;
    uint64_t charge;
    if (loan == nullptr)
        return false;
    run_say(marked ? "pass marked" : "pass", from, run);
    bool waits = from != to && (numbers[8] & 0x18) != 0;
    say("  mode %u to space %u%s\n", how->mode, to, waits ? ", waits" : "");
    space_of(from)->runners = waits ? 1 : 2;
    *loan = (struct loan){.waits = waits, .borrower = to, .lender = from, .home = *run};
    status_t status = OK;
    if (marked || (!quick_lend(from, run, how, to, loan, &landed) &&
                   !quick_give(from, run, how, to, &landed, &charge)))
        status = parcel_pass(space_of(from), parcel, marked, space_of(to), &acceptance, &landed,
                             &charge);
    tlb_wait();
    if (scarce(status))
        return false;
    bool passed = model_pass(&model[from], run, how, marked, &model[to],
                             acceptance.flags & ACCEPT_HOLES,
                             acceptance.flags & ACCEPT_EXECUTABLE, &loan->landed, &loan->window);
    compare("pass", status, passed);
    if (status == OK && passed)
        landed_compare(landed, &loan->landed, to);
    loan->used = status == OK && how->mode == PARCEL_LEND;
    return status == OK;
}

static void step_pass(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3);
    struct model_pass how = pass_pick(5);
    pass(s, &run, &how, false, pick(7, SPACES));
}

static void loan_return(struct loan *loan) {
    run_say("return", loan->borrower, &loan->landed);
    run_say("to", loan->lender, &loan->home);
    parcel_t landed = model_parcel(&loan->landed, PARCEL_LEND, false, false);
    status_t status = OK;
    bool quick = loan->quick && quick_allowed(loan->borrower, loan->lender) &&
                 page_return(space_of(loan->borrower), landed, space_of(loan->lender),
                             model_parcel(&loan->home, PARCEL_LEND, false, false), &loan->page);
    if (!quick)
        status = parcel_return(space_of(loan->borrower), landed, space_of(loan->lender),
                               model_parcel(&loan->home, PARCEL_LEND, false, false));
    tlb_wait();
    if (loan->waits)
        space_owes(loan->lender); // its thread enters it anew
    compare("return", status, model_return(&model[loan->borrower], &loan->landed, loan->window,
                                           &model[loan->lender], &loan->home));
    loan->used = status != OK;
}

static void step_return([[maybe_unused]] unsigned s) {
    struct loan *loan = &loans[pick(3, LOANS)];
    if (!loan->used)
        return;
    loan_return(loan);
}

static void step_mark(unsigned s) {
    struct flight *flight = &flights[pick(7, FLIGHTS)];
    if (flight->used)
        return;
    *flight = (struct flight){.space = s, .run = run_pick(level_pick(), 3), .pass = pass_pick(5)};
    run_say("mark", s, &flight->run);
    status_t status = parcel_mark(space_of(s), model_parcel(&flight->run, flight->pass.mode,
                                                            flight->pass.writable,
                                                            flight->pass.executable));
    tlb_wait();
    if (scarce(status))
        return;
    compare("mark", status, model_mark(&model[s], &flight->run, &flight->pass));
    flight->used = status == OK;
}

static void flight_end(struct flight *flight) {
    run_say("unmark", flight->space, &flight->run);
    parcel_unmark(space_of(flight->space),
                  model_parcel(&flight->run, flight->pass.mode, flight->pass.writable,
                               flight->pass.executable));
    model_unmark(&model[flight->space], &flight->run);
    flight->used = false;
}

static void step_land([[maybe_unused]] unsigned s) {
    struct flight *flight = &flights[pick(3, FLIGHTS)];
    if (!flight->used)
        return;
    if (pick(4, 4) == 0)
        flight_end(flight);
    else if (pass(flight->space, &flight->run, &flight->pass, true, pick(7, SPACES)))
        flight->used = false;
}

// A page for an empty place or a cookie's, as touch_answer gives it: whoever else runs in the two
// spaces. This hart stays where it is.
static bool quick_answer(unsigned from, parcel_t parcel, unsigned to, uaddr_t destination,
                         const uint64_t *cookie) {
    static constexpr parcel_t variable = PARCEL_ADDRESS_MASK | PARCEL_WRITABLE;
    struct place place = {destination, ENTRY_EMPTY};
    parcel_t landed;
    uint64_t charge;
    if (cookie != nullptr)
        place.entry = entry_absent_make(ABSENT_PAGER, *cookie, 0) |
                      (parcel & PARCEL_WRITABLE ? ENTRY_WRITABLE : 0);
    space_of(from)->runners = quick_allowed(from, to) ? 1 : 2;
    return (numbers[8] & 16) != 0 &&
           (parcel & ~variable) == (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT &&
           straight_pass(space_of(from), parcel, space_of(to), 1, 1, nullptr, &place, &landed,
                         &charge);
}

static status_t move(unsigned from, const struct model_run *run, const struct model_pass *how,
                     unsigned to, const struct model_run *there, const uint64_t *cookie) {
    parcel_t parcel = model_parcel(run, how->mode, how->writable, how->executable);
    uaddr_t destination = model_address(there);
    status_t status = OK;
    if (!quick_answer(from, parcel, to, destination, cookie))
        status = parcel_move_for(space_of(from), parcel, space_of(to), destination, cookie);
    tlb_wait();
    return status;
}

static void step_move(unsigned s) {
    struct model_run run = run_pick(level_pick(), 3), to = run_there(&run, 7);
    struct model_pass how = pass_pick(5);
    unsigned other = pick(9, SPACES);
    run_say("move", s, &run);
    run_say("to", other, &to);
    status_t status = move(s, &run, &how, other, &to, nullptr);
    if (!scarce(status))
        compare("move", status, model_move(&model[s], &run, &how, &model[other], &to));
}

// A page of this kind, if there is one.
static struct model_run page_pick(unsigned s, enum model_kind kind, unsigned n) {
    for (unsigned i = 0; i < AREAS * PAGES; i++) {
        unsigned at = (numbers[n] + i) % (AREAS * PAGES);
        if (model[s].area[at / PAGES].page[at % PAGES].slot.kind == kind)
            return (struct model_run){1, at / PAGES, at % PAGES, 1};
    }
    return run_pick(1, n);
}

static void step_answer(unsigned s) {
    unsigned from = pick(9, SPACES);
    struct model_run run = page_pick(from, MODEL_MEMORY, 3), to = page_pick(s, MODEL_PAGER, 7);
    struct model_pass how = pass_pick(5);
    uint64_t cookie = model[s].area[to.area].page[to.page].value[0] + (pick(6, 8) == 0);
    run.count = to.count = 1;
    if (model_shift != 0)
        return;
    run_say("answer", from, &run);
    run_say("to", s, &to);
    status_t status = move(from, &run, &how, s, &to, &cookie);
    if (!scarce(status))
        compare("answer", status, model_answer(&model[from], &run, &how, &model[s], &to, cookie));
}

// Mostly where something happened lately.
static struct model_run touch_pick(unsigned space) {
    for (unsigned i = pick(6, 12); i < 8; i++)
        if (recent[i].space == space)
            return (struct model_run){
                1, recent[i].run.area, recent[i].run.level == 1 ? recent[i].run.page : pick(4, 2),
                1};
    return (struct model_run){1, pick(3, AREAS), pick(4, PAGES), 1};
}

// The page of an address, if it is one of the model's.
static bool page_at(uaddr_t address, struct model_run *run) {
    uint64_t area = address / level_size(2) - 8, page = address % level_size(2) / PAGE_SIZE;
    *run = (struct model_run){1, (unsigned)area, (unsigned)page, 1};
    return area < AREAS && page < PAGES;
}

// The model does not know which pages were touched, nor which are shared: only what follows from
// the answer. What it knows nothing of comes back.
static void step_evict(unsigned s) {
    unsigned other = pick(9, SPACES);
    struct model_run from = pick(5, 4) == 0 ? page_pick(s, MODEL_MEMORY, 3) : touch_pick(s);
    struct model_run to = run_pick(1, 7);
    uint64_t cookie = values++;
    uaddr_t next, taken = 0;
    status_t status = OK;
    to.count = 1;
    if (model_shift != 0)
        return;
    space_runs(other);
    run_say("evict", s, &from);
    run_say("to", other, &to);
    for (unsigned i = 0; i < 2 && status == OK && taken == 0; i++) // all may have been touched
        status = memory_evict(space_of(s), model_address(&from), cookie, space_of(other),
                              model_address(&to), &next, &taken);
    if (scarce(status) || (status == OK && taken == 0))
        return;
    compare("evict", status, model_way(&model[other], &to));
    if (status != OK)
        return;
    say("  took %lx, goes on at %lx\n", taken, next);
    if (taken < model_address(&from) || taken != next - PAGE_SIZE)
        differ("evict: where", (unsigned)(taken >> PAGE_BITS), (unsigned)(next >> PAGE_BITS));
    if (page_at(taken, &from)) {
        if (!model_evict(&model[s], &from, cookie, &model[other], &to))
            differ("evict: what", (unsigned)(taken >> PAGE_BITS), 0);
        return;
    }
    parcel_t back = parcel_make(model_address(&to), 1, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    frames_fail_at(0);
    if (parcel_move_for(space_of(other), back, space_of(s), taken, &cookie) != OK)
        differ("evict: back", (unsigned)(taken >> PAGE_BITS), 0);
    tlb_wait();
}
