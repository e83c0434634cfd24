#include "memory_steps.h"

#include "steps_between.h"
#include "steps_own.h"

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
