// Spaces, loans, messages in flight and harts of a sequence of steps, beside the model of them.
// Included once, by memory_steps.c.
#pragma once

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

static unsigned level_pick(void) { return pick(2, 3) == 0 ? 2 : 1; }
