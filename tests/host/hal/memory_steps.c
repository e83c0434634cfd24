#include "memory_steps.h"

#include <stdio.h>
#include <string.h>

#include "adversary.h"
#include "machine.h"
#include "memory/straight_pass.h"
#include "memory/tlb.h"
#include "memory_model.h"
#include "spaces.h"

static constexpr unsigned HARTS = 3, MEGABYTES = 256, CHECK_EVERY = 250;
static constexpr unsigned LOANS = 24, FLIGHTS = 8, UNCLEAN = 8;
static constexpr uint64_t PLENTY = 1ull << 40;

struct loan {
    bool used;
    bool waits; // its lender's only thread has done nothing since
    unsigned borrower, lender, window;
    struct model_run landed, home;
    struct page_loan page;
    uint64_t quick; // lent straight through
};

struct flight {
    bool used;
    unsigned space;
    struct model_run run;
    struct model_pass pass;
};

static struct test_space spaces[SPACES];
static struct test_space *space_list[SPACES];
static struct loan loans[LOANS];
static struct flight flights[FLIGHTS];
static int hart_space[HARTS]; // what each runs, -1 for nothing
static bool hart_owes[HARTS]; // it must enter its space before user code runs there
static uint64_t values;
static bool talking, failed;

#define say(...) (talking ? (void)printf(__VA_ARGS__) : (void)0)

static const uint16_t *numbers; // of the step

static unsigned pick(unsigned n, unsigned limit) { return numbers[n] % limit; }

static void differ(const char *what, unsigned got, unsigned expected) {
    printf("  %s: %u, the model says %u\n", what, got, expected);
    failed = true;
}

// --- what a step is about ------------------------------------------------------------------------

static struct space *space_of(unsigned space) { return &spaces[space].space; }

// Areas from the fourth on are mostly left to level 2.
static unsigned area_pick(unsigned level, unsigned n) {
    if (numbers[n] >> 8 < (level == 1 ? 16 : 40))
        return pick(n, AREAS);
    return level == 1 ? pick(n, 3) : 3 + pick(n, AREAS - 3);
}

static struct model_run run_pick(unsigned level, unsigned n) {
    unsigned area = area_pick(level, n), page = pick(n + 1, PAGES);
    unsigned count = numbers[n + 1] >> 8 & 3 ? 1 : 1 + (numbers[n + 1] >> 10) % 8;
    if (level == 1)
        return (struct model_run){1, area, page, count < PAGES - page ? count : PAGES - page};
    return (struct model_run){2, area, 0, count > 1 && area + 1 < AREAS ? 2 : 1};
}

// A place for as many.
static struct model_run run_there(const struct model_run *like, unsigned n) {
    struct model_run run = run_pick(like->level, n);
    run.count = like->count;
    if (run.level == 1 && run.page + run.count > PAGES)
        run.page = PAGES - run.count;
    if (run.level == 2 && run.area + run.count > AREAS)
        run.area = AREAS - run.count;
    return run;
}

static struct model_pass pass_pick(unsigned n) {
    static const enum parcel_mode modes[] = {PARCEL_GIVE, PARCEL_GIVE, PARCEL_LEND,
                                             PARCEL_LEND, PARCEL_LEND, PARCEL_CLONE};
    unsigned rights = numbers[n] >> 4 & 15;
    return (struct model_pass){.mode = modes[pick(n, 6)],
                               .writable = rights < 5 || rights == 15,
                               .executable = rights >= 14};
}

// Where something happened lately is where it is worth looking.
static struct {
    unsigned space;
    struct model_run run;
} recent[8];
static unsigned recent_next;

static void run_say(const char *what, unsigned space, const struct model_run *run) {
    recent[recent_next].space = space;
    recent[recent_next].run = *run;
    recent_next = (recent_next + 1) % 8;
    say("  %s space %u level %u area %u page %u count %u (%lx)\n", what, space, run->level,
        run->area, run->page, run->count, model_address(run));
}

// Large pages that were not zeroed when they were made, by their heads.
static struct frame *unclean[UNCLEAN];

static bool is_unclean(const struct frame *head) {
    return head != nullptr && head->state == FRAME_PAGE && head->level > 1 && head->dirty != 0;
}

static bool any_unclean(void) {
    for (unsigned i = 0; i < UNCLEAN; i++)
        if (is_unclean(unclean[i]))
            return true;
    return false;
}

// What lack of memory refuses is no business of the model, nor what needs a part of a large page
// that is not zeroed yet.
static bool scarce(status_t status) {
    return status == ERR_NO_MEMORY || status == ERR_NO_FRAME || status == ERR_NO_RUN ||
           (status == ERR_BUSY && any_unclean());
}

static void compare(const char *what, status_t status, bool expected) {
    say("  = %d\n", status);
    if ((status == OK) != expected)
        differ(what, (unsigned)status, expected);
}

// A space has one thread, or several, as a loan leaves it. One that waits for its loan runs neither
// user code nor system calls; before it does, the kernel says so.
static void space_owes(unsigned s) {
    for (unsigned hart = 0; hart < HARTS; hart++)
        hart_owes[hart] |= hart_space[hart] == (int)s;
}

static void space_runs(unsigned s) {
    for (unsigned i = 0; i < LOANS; i++) {
        if (!loans[i].used || loans[i].lender != s || !loans[i].waits)
            continue;
        loans[i].waits = false;
        tlb_lender_stale(space_of(s));
        space_owes(s);
    }
}

// --- steps on one space --------------------------------------------------------------------------

static unsigned level_pick(void) { return pick(2, 3) == 0 ? 2 : 1; }

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

// --- steps on two --------------------------------------------------------------------------------

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

// --- fork ----------------------------------------------------------------------------------------

// A page beside the areas, so that the tables that the areas lie in are there.
static void space_begin(unsigned s) {
    parcel_t page = parcel_make(model_address(&(struct model_run){2, 100, 0, 1}), 1, 1,
                                PARCEL_NONE, PARCEL_EXECUTABLE);
    frames_fail_at(0);
    spaces[s].account.limit = PLENTY;
    if (memory_create(space_of(s), page, MEMORY_PAGES) != OK)
        differ("no memory to begin with", s, s);
}

// True if nothing of a space is anywhere else, and nothing of others is there.
static bool space_settle(unsigned s) {
    bool used = false;
    for (unsigned i = 0; i < FLIGHTS; i++)
        if (flights[i].used && flights[i].space == s)
            flight_end(&flights[i]);
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < LOANS; i++)
            if (loans[i].used)
                loan_return(&loans[i]);
    for (unsigned i = 0; i < LOANS; i++)
        used |= loans[i].used && (loans[i].borrower == s || loans[i].lender == s);
    return !used;
}

static void space_empty(unsigned s) {
    for (unsigned hart = 0; hart < HARTS; hart++)
        if (hart_space[hart] == (int)s)
            hart_leave_space(hart);
    while (!space_destroy(space_of(s)))
        ;
    spaces[s].space = (struct space){};
    if (spaces[s].account.used != 0 || space_create(space_of(s), &spaces[s].account) != OK)
        differ("a space did not end", (unsigned)spaces[s].account.used, 0);
    model[s] = (struct model_space){};
}

static void step_fork(unsigned s) {
    unsigned child = (s + 1 + pick(3, SPACES - 1)) % SPACES, fail_at = pick(4, 24);
    say("  fork space %u to space %u\n", s, child);
    frames_fail_at(0);
    if (pick(5, 4) == 0 && space_fork(space_of(s), space_of(child)) != ERR_OCCUPIED)
        differ("fork into what is not empty", s, child);
    if (!space_settle(child))
        return;
    space_empty(child);
    frames_fail_at(fail_at < 8 ? fail_at : 0);
    spaces[child].account.limit = fail_at == 8 ? pick(6, 4096) : PLENTY;
    status_t status = space_fork(space_of(s), space_of(child));
    if (!scarce(status))
        compare("fork", status, model_fork(&model[s], &model[child]));
    if (status != OK)
        space_begin(child);
    spaces[child].account.limit = PLENTY;
}

// --- user code -----------------------------------------------------------------------------------

static void step_run(unsigned s) {
    unsigned hart = hart_self()->index;
    if (pick(3, 4) != 0)
        s = recent[pick(4, 8)].space;
    hart_space[hart] = pick(2, 8) == 0 ? -1 : (int)s;
    hart_owes[hart] = false;
    say("  hart %u enters space %d\n", hart, hart_space[hart]);
    if (hart_space[hart] >= 0)
        space_runs(s);
    machine_enter(hart_space[hart] < 0 ? nullptr : space_of(s));
}

static uint64_t *touch(struct space *space, uaddr_t address, bool write, bool execute,
                       uint64_t *cookie) {
    uint8_t access = (write ? ACCESS_WRITE : 0) | (execute ? ACCESS_EXECUTE : 0);
    for (unsigned faults = 0; faults < 6; faults++) {
        bool wild;
        uint64_t *word = adversary_access(address, write, execute, &wild);
        if (wild)
            differ("a translation leads nowhere", 0, 0);
        if (word != nullptr || wild)
            return word;
        enum fault_outcome outcome;
        do
            outcome = space_fault(space, address, access, cookie);
        while (outcome == FAULT_ZEROING);
        if (outcome != FAULT_RESOLVED)
            return nullptr;
    }
    differ("faults without end", 6, 0);
    return nullptr;
}

static void word_compare(uint64_t *value, uint64_t *word, bool write) {
    if (write)
        *value = *word = ++values;
    else if (*word != *value)
        differ("value read", (unsigned)*word, (unsigned)*value);
}

static void step_touch(unsigned s) {
    unsigned hart = hart_self()->index;
    if (hart_space[hart] < 0)
        return;
    s = (unsigned)hart_space[hart];
    space_runs(s);
    if (hart_owes[hart])
        machine_enter(space_of(s));
    hart_owes[hart] = false;
    struct model_run run = touch_pick(s);
    bool write = numbers[5] & 1, execute = !write && (numbers[5] & 6) == 6;
    struct model_slot slot = model_effective(&model[s], &run, 0);
    bool memory = model[s].area[run.area].slot.kind == MODEL_MEMORY && slot.kind == MODEL_MEMORY;
    bool expected = memory && (!write || slot.writable) && (!execute || slot.executable);
    unsigned which = numbers[7] % WORDS;
    run_say(write ? "write" : execute ? "execute" : "read", s, &run);
    uint64_t cookie = 0;
    uint64_t *word = touch(space_of(s), model_word(&run, which), write, execute, &cookie);
    if (slot.kind == MODEL_PAGER)
        word_compare(&model[s].area[run.area].page[run.page].value[0], &cookie, false);
    else if ((word != nullptr) != expected)
        differ("touch", word != nullptr, expected);
    else if (word != nullptr)
        word_compare(&model[s].area[run.area].page[run.page].value[which], word, write);
}

static void step_speculate([[maybe_unused]] unsigned s) {
    int space = hart_space[hart_self()->index];
    struct model_run run = touch_pick(space < 0 ? 0 : (unsigned)space);
    if (space >= 0)
        adversary_speculate(model_word(&run, numbers[7] % WORDS));
}

static void step_zero([[maybe_unused]] unsigned s) { frames_zero_some(1 + pick(3, 8)); }

// --- sequences -----------------------------------------------------------------------------------

// Messages leave what is owed to the next entry into a space; this hart's user code waits for it.
// `others`: not a system call of the space.
static const struct {
    void (*body)(unsigned space);
    unsigned weight;
    bool message, others;
} kinds[] = {
    {step_create, 14, false, false},  {step_free, 4, false, false},
    {step_protect, 4, false, false},  {step_clone, 5, false, false},
    {step_prepare, 12, false, false}, {step_release, 2, false, false},
    {step_pass, 22, true, false},     {step_return, 14, true, true},
    {step_mark, 5, true, false},      {step_land, 8, true, true},
    {step_move, 6, false, false},     {step_pager, 6, false, false},
    {step_answer, 8, true, true},     {step_run, 6, false, true},
    {step_touch, 40, false, true},    {step_speculate, 8, false, true},
    {step_evict, 8, false, true},
    {step_zero, 1, false, true},      {step_fork, 1, true, false},
    {step_split, 3, false, false},    {step_join, 6, false, false},
};

static unsigned kind_pick(void) {
    unsigned total = 0, kind = 0;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        total += kinds[i].weight;
    unsigned number = pick(0, total);
    while (number >= kinds[kind].weight)
        number -= kinds[kind++].weight;
    return kind;
}

static void scarcity_set(unsigned s, bool touches) {
    unsigned how = touches ? 0 : numbers[9] >> 8;
    frames_fail_at(how % 16 == 1 ? 1 + how / 16 % 5 : 0);
    spaces[s].account.limit = how % 16 == 2 ? spaces[s].account.used + how / 16 : PLENTY;
}

static void step_do(const struct step *step) {
    numbers = step->number;
    unsigned kind = kind_pick(), s = pick(1, SPACES);
    machine_switch(numbers[1] / SPACES % HARTS);
    scarcity_set(s, kinds[kind].body == step_touch);
    if (!kinds[kind].others)
        space_runs(s);
    kinds[kind].body(s);
    frames_fail_at(0);
    spaces[s].account.limit = PLENTY;
    if (kinds[kind].message)
        hart_owes[hart_self()->index] = true;
}

static void steps_begin(void) {
    machine_start(MEGABYTES, HARTS);
    adversary_start();
    for (unsigned i = 0; i < SPACES; i++)
        space_list[i] = &spaces[i];
    spaces_begin(space_list, SPACES);
    for (unsigned hart = 0; hart < HARTS; hart++)
        hart_space[hart] = -1;
    for (unsigned i = 0; i < SPACES; i++)
        space_begin(i);
}

static void step_check(const char *when) {
    const char *wrong = spaces_wrong(space_list, SPACES);
    if (*wrong == 0)
        return;
    printf("  %s: %s\n", when, wrong);
    failed = true;
}

// Everything comes home and is freed.
static void steps_end(void) {
    static const struct step none;
    numbers = none.number;
    for (unsigned i = 0; i < FLIGHTS; i++)
        if (flights[i].used)
            flight_end(&flights[i]);
    for (unsigned round = 0; round < LOANS; round++)
        for (unsigned i = 0; i < LOANS; i++) {
            struct step step = {.number[3] = (uint16_t)i};
            numbers = step.number;
            step_return(0);
        }
    for (unsigned hart = 0; hart < HARTS; hart++) {
        machine_switch(hart);
        machine_enter(nullptr);
    }
    machine_switch(0);
    const char *wrong = spaces_end(space_list, SPACES);
    if (*wrong == 0)
        return;
    printf("  at the end: %s\n", wrong);
    failed = true;
}

bool steps_run(const struct step *steps, unsigned count, unsigned shift, bool aloud) {
    talking = aloud;
    model_shift = shift;
    steps_begin();
    for (unsigned i = 0; i < count && !failed; i++) {
        step_do(&steps[i]);
        if (count < 1000 || i % CHECK_EVERY == 0)
            step_check("check");
    }
    if (!failed)
        steps_end();
    return !failed;
}
