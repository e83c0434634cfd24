// Faults that a waiting pager answers at once, and what keeps them from the short way: what is left
// behind is the same.
//
// sources: kernel/message/begin.c kernel/debug/check_memory.c
// sources: tests/host/harts/kernel.c kernel/message/call.c kernel/message/reply.c
// sources: kernel/message/receive.c
// sources: kernel/message/touch.c kernel/interrupt/exception.c kernel/memory/fault_fast.c
// sources: kernel/memory/move.c kernel/memory/protect.c kernel/memory/fork.c
// sources: kernel/message/port.c kernel/message/handle.c kernel/message/object.c
// sources: kernel/message/handle_batch.c
// sources: kernel/hart/process.c kernel/hart/thread.c kernel/hart/schedule.c kernel/hart/time.c
// sources: kernel/hart/process_end.c
// sources: kernel/hart/quiet.c kernel/hart/task.c kernel/memory/heap.c kernel/memory/space.c
// sources: kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c kernel/memory/free.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/query.c
// sources: kernel/memory/tlb.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/debug/canary.c kernel/memory/account.c
// sources: kernel/sync/spinlock.c tests/host/harts/memory.c
// sources: kernel/memory/large.c kernel/memory/split.c kernel/debug/peek.c
// defines: BATON_DEBUG=1
#include <abi/layout.h>

#include "touches.h"

static constexpr parcel_t W = PARCEL_WRITABLE;

static void spaces_check(void) {
    char text[128] = "";
    if (space_check(&b->space, text, sizeof(text)) != 0 ||
        space_check(&d->space, text, sizeof(text)) != 0)
        printf("%s\n", text);
    CHECK(text[0] == '\0');
}

static enum slot_state kind_of(struct process *process, uaddr_t address) {
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&process->space, address, &description, &charge), OK);
    return (enum slot_state)(description >> 56);
}

static status_t answer(uint64_t tag, parcel_t parcel, ticks_t deadline) {
    program_run(bt);
    bt->registers = (struct registers){.rdi = b_port, .rsi = tag, .rdx = parcel, .r10 = deadline,
                                       .rip = 1, .rsp = 2};
    kernel_enter(message_reply_receive, bt);
    return program_status(bt);
}

// With tables where D touches, and a page to answer with.
static void start_fast(void) {
    start();
    CHECK_EQ(memory_create(&d->space, slots(PLACE + 0x10000, 1), MEMORY_PAGES), OK);
    page_make();
    program_receive(bt, b_port, 0);
    program_run(dt);
}

static bool pager_waits(void) {
    return pager_port()->waiting == bt && bt->hand.caller == nullptr;
}

static bool has_fault(const struct thread *thread, uaddr_t address) {
    return bt->registers.rax == KIND_FAULT << RESULT_KIND_SHIFT && bt->hand.caller == thread &&
           bt->registers.rbx == address && bt->registers.rdi == BADGE;
}

TEST(a_fault_and_its_answer_switch_at_once) {
    start_fast();
    uint64_t switches = machine_hart->counters.switches;
    uint64_t used = d->account.used, used_b = b->account.used;
    touch(dt, PLACE + 0x123);
    CHECK(machine_hart->current == bt && has_fault(dt, PLACE + 0x123));
    CHECK_EQ(bt->registers.r12, TOUCH_WRITE | TOUCH_EMPTY);
    const struct registers *r = &bt->registers;
    CHECK_EQ(r->r13 | r->r14 | r->r15 | r->rsi | r->rdx | r->r8 | r->r9 | r->rbp | r->r10, 0);
    CHECK(r->rip == 0 || bt->full == 0);
    (void)answer(OK, GIVE_PAGE, 0);
    CHECK(machine_hart->current == dt && state_kept(dt, 1) && pager_waits());
    CHECK(!dt->slow.touches && (dt->call.word & CALL_STATE_MASK) == CALL_IDLE);
    CHECK_EQ(machine_hart->counters.switches, switches);
    CHECK_EQ(d->account.used, used + 1);
    CHECK_EQ(b->account.used, used_b - 1);
    CHECK_EQ(kind_of(b, PAGE), SLOT_EMPTY);
    spaces_check();
    touch(dt, PLACE);
    CHECK(machine_hart->current == dt);
    touch(dt, PLACE + PAGE_SIZE); // and again
    CHECK(has_fault(dt, PLACE + PAGE_SIZE));
    (void)answer(OK, 0, 0); // touch again
    CHECK(machine_hart->current == dt && state_kept(dt, 1) && pager_waits());
    CHECK_EQ(machine_hart->counters.switches, switches);
    finish();
}

TEST(a_cookie_is_answered_at_once) {
    for (unsigned writable = 0; writable < 4; writable++) { // the page, the place
        start_fast();
        parcel_t place = PLACE | (writable & 2 ? W : 0);
        CHECK_EQ(memory_create(&d->space, place, MEMORY_PAGER | 9 << MEMORY_COOKIE_SHIFT), OK);
        uint64_t used = d->account.used, used_b = b->account.used, description, charge;
        touch(dt, PLACE);
        CHECK(has_fault(dt, PLACE));
        CHECK(bt->registers.r12 == (TOUCH_WRITE | TOUCH_PAGER) && bt->registers.r13 == 9);
        (void)answer(OK, writable & 1 ? GIVE_PAGE : GIVE_PAGE & ~W, 0);
        CHECK(machine_hart->current == dt && state_kept(dt, 1) && pager_waits());
        CHECK_EQ(d->account.used, used);
        CHECK_EQ(b->account.used, used_b - 1);
        CHECK_EQ(parcel_query(&d->space, PLACE, &description, &charge), OK);
        CHECK_EQ(description, PLACE | (writable == 3 ? W : 0) | (uint64_t)SLOT_PAGE << 56);
        spaces_check();
        finish();
    }
}

// The place, the page or the answer is not what it was or should be: an error, and the fault stays.
TEST(a_refused_answer_stays_in_hand) {
    start_fast();
    touch(dt, PLACE);
    CHECK_EQ(answer(OK, GIVE_PAGE + PAGE_SIZE, 0), ERR_EMPTY);
    CHECK_EQ(answer(OK, GIVE_PAGE | 1, 0), ERR_BAD_ARGUMENT);
    CHECK_EQ(answer((uint16_t)ERR_EMPTY, GIVE_PAGE, 0), ERR_BAD_ARGUMENT);
    CHECK_EQ(memory_create(&d->space, slots(PLACE, 1), MEMORY_PAGER), OK);
    CHECK_EQ(answer(OK, GIVE_PAGE, 0), ERR_OCCUPIED);
    CHECK_EQ(memory_free(&d->space, slots(PLACE, 1)), OK);
    d->account.limit = d->account.used;
    CHECK_EQ(answer(OK, GIVE_PAGE, 0), ERR_NO_MEMORY);
    d->account.limit += 10;
    kernel_process.account.limit -= 10;
    CHECK(bt->hand.caller == dt && dt->slow.touches);
    CHECK_EQ(dt->call.word & CALL_STATE_MASK, CALL_TAKEN);
    spaces_check();
    (void)answer(OK, GIVE_PAGE, 0);
    CHECK(machine_hart->current == dt && state_kept(dt, 1) && pager_waits());
    finish();
}

TEST(a_fault_beyond_programs_is_no_place) {
    start_fast();
    touch(dt, 0xffff'8000'0000'0000);
    CHECK(has_fault(dt, 0xffff'8000'0000'0000));
    CHECK_EQ(answer(OK, GIVE_PAGE, 0), ERR_BAD_SLOT);
    (void)answer(OK, 0, 0);
    touch(dt, 0);
    CHECK_EQ(answer(OK, GIVE_PAGE, 0), ERR_BAD_SLOT);
    (void)answer(OK, 0, 0);
    // Where there is a table, but programs have no memory.
    CHECK_EQ(memory_create(&d->space, slots(LAYOUT_LOWEST, 1), MEMORY_PAGES), OK);
    touch(dt, LAYOUT_LOWEST - PAGE_SIZE);
    CHECK_EQ(answer(OK, GIVE_PAGE, 0), ERR_BAD_SLOT);
    finish();
}

TEST(an_error_ends_the_process_all_the_same) {
    start_fast();
    touch(dt, PLACE);
    (void)answer((uint16_t)ERR_EMPTY, 0, 0);
    CHECK(pager_waits());
    all_run();
    CHECK(d->state == PROCESS_ENDED && d->cause == END_FAULTED && d->end_address == PLACE);
    finish();
}

// --- the long way --------------------------------------------------------------------------------

enum unusual { VECTORS, TRACE, TOKENS, TLS, PAGER_TLS, DEADLINE, PENDING, OWN_TABLES, UNUSUAL };

static void make_unusual(enum unusual what) {
    machine_hart->special = what == VECTORS ? SPECIAL_VECTORS : what == TLS ? SPECIAL_FS : 0;
    machine_hart->trace = what == TRACE;
    machine_hart->tokens = what == TOKENS ? -1 : QUANTUM_TOKENS;
    dt->slow.has_fs = what == TLS;
    bt->slow.has_fs = what == PAGER_TLS;
}

// Only the long way counts its switches.
TEST(what_is_unusual_goes_the_long_way) {
    for (enum unusual what = 0; what < UNUSUAL; what++) {
        start_fast();
        uaddr_t place = what == OWN_TABLES ? OTHER : PLACE;
        uint64_t switches = machine_hart->counters.switches;
        make_unusual(what);
        touch(dt, place);
        CHECK_EQ(machine_hart->counters.switches > switches, what <= PAGER_TLS);
        if (machine_hart->current == nullptr)
            (void)kernel_run();
        if (what == PENDING)
            touch(du, PLACE + PAGE_SIZE);
        program_run(bt);
        CHECK(has_fault(dt, place));
        switches = machine_hart->counters.switches;
        make_unusual(what);
        machine_hart->special = what == VECTORS ? SPECIAL_VECTORS : 0; // the pager's
        ticks_t deadline = what == DEADLINE ? host_ticks + 5000 : 0;
        (void)answer(OK, GIVE_PAGE, deadline);
        CHECK_EQ(bt->timer.deadline, deadline);
        bool is_long = what == VECTORS || what == TRACE || what == TOKENS || what == TLS ||
                       what == DEADLINE;
        CHECK_EQ(machine_hart->counters.switches > switches, is_long);
        make_unusual(UNUSUAL);
        CHECK(what == PENDING ? has_fault(du, PLACE + PAGE_SIZE) : pager_waits());
        program_run(dt);
        CHECK(state_kept(dt, 1) && !dt->slow.touches);
        CHECK_EQ(kind_of(d, place), SLOT_PAGE);
        CHECK_EQ(kind_of(b, PAGE), SLOT_EMPTY);
        spaces_check();
        finish();
    }
}

TEST(a_thread_that_serves_leaves_the_long_way) {
    start_fast();
    handle_t port, call;
    struct port *own = port_of(d, &port);
    call = call_handle(a, own);
    program_receive(dt, port, 0);
    program_call(at, call, 1, 0, host_ticks + 5000); // its deadline is armed when it is left
    program_run(dt);
    CHECK_EQ(at->timer.deadline, 0);
    touch(dt, PLACE);
    CHECK_EQ(at->timer.deadline, host_ticks + 5000);
    program_run(bt);
    CHECK(has_fault(dt, PLACE));
    (void)answer(OK, GIVE_PAGE, 0);
    CHECK(state_kept(dt, 1) && dt->hand.caller == at);
    finish();
}

// --- ends ----------------------------------------------------------------------------------------

// By the other hart.
static void kill_from_afar(struct process *process) {
    kernel_hart(1);
    process_end(process, END_KILLED, 0, 0, 0);
    kernel_hart(0);
    all_run();
}

TEST(the_process_ends_at_each_step) {
    for (unsigned step = 0; step < 3; step++) { // before, taken, answered
        start_fast();
        if (step > 0)
            touch(dt, PLACE);
        if (step > 1)
            (void)answer(OK, GIVE_PAGE, 0);
        kill_from_afar(d);
        CHECK_EQ(d->state, PROCESS_ENDED);
        if (step == 1) {
            CHECK(bt->hand.caller == dt);
            (void)answer(OK, GIVE_PAGE, 0);
        }
        CHECK(pager_waits());
        CHECK_EQ(kind_of(b, PAGE), step > 1 ? SLOT_EMPTY : SLOT_PAGE);
        CHECK_EQ(pager_port()->pending, 0);
        finish();
    }
}

TEST(the_pager_ends_at_each_step) {
    for (unsigned step = 0; step < 3; step++) {
        start_fast();
        if (step > 0)
            touch(dt, PLACE);
        if (step > 1)
            (void)answer(OK, GIVE_PAGE, 0);
        kill_from_afar(b);
        if (step == 1)
            CHECK(d->state == PROCESS_ENDED && d->cause == END_FAULTED);
        else
            CHECK_EQ(d->state, PROCESS_LIVE);
        if (step == 2)
            CHECK_EQ(kind_of(d, PLACE), SLOT_PAGE);
        finish();
    }
}

TEST(two_harts_touch_at_once) {
    start_fast();
    touch(du, PLACE + PAGE_SIZE);
    du->hart = harts[1]; // where it goes when it is ready
    program_reply(bt, HANDLE_NONE, OK);
    program_receive(bt, b_port, 0);
    touch(dt, PLACE);
    kernel_hart(1);
    touch(du, PLACE + PAGE_SIZE); // behind the other's
    CHECK(machine_hart->current == nullptr);
    kernel_hart(0);
    (void)answer(OK, GIVE_PAGE, 0);
    CHECK(has_fault(du, PLACE + PAGE_SIZE));
    page_make();
    (void)answer(OK, GIVE_PAGE, 0);
    kernel_settle();
    program_run(dt);
    CHECK(state_kept(dt, 1) && state_kept(du, 0) && !du->slow.touches);
    CHECK_EQ(kind_of(d, PLACE + PAGE_SIZE), SLOT_PAGE);
    finish();
}

// --- everything at random ------------------------------------------------------------------------

static uint64_t random_below(uint64_t limit) {
    static uint64_t state = 1;
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % limit;
}

static constexpr unsigned PLACES = 24;

static uaddr_t place_random(void) {
    uint64_t n = random_below(PLACES);
    return PLACE + (n & 1) * level_size(2) + n * PAGE_SIZE;
}

// The page may be there already, given by another answer, or be a clone.
static void answer_random(void) {
    static const enum parcel_mode modes[] = {PARCEL_GIVE, PARCEL_GIVE, PARCEL_GIVE, PARCEL_CLONE};
    parcel_t parcel = (PAGE | (random_below(4) ? W : 0)) |
                      (parcel_t)modes[random_below(4)] << PARCEL_MODE_SHIFT;
    if (kind_of(b, PAGE) == SLOT_EMPTY)
        page_make();
    uaddr_t place = bt->hand.caller->touch.address;
    if (random_below(8) == 0)
        (void)!memory_create(&d->space, slots(place, 1), MEMORY_PAGES);
    enum slot_state before = kind_of(d, place);
    bool fits = before == SLOT_EMPTY || before == SLOT_PAGER;
    make_unusual(random_below(2) ? UNUSUAL : (enum unusual)random_below(TOKENS));
    struct thread *thread = bt->hand.caller;
    status_t status = answer(OK, random_below(8) ? parcel : 0, 0);
    if (bt->hand.caller == thread && thread->slow.touches) {
        CHECK(status == ERR_OCCUPIED && !fits);
        (void)answer(OK, 0, 0);
    }
    make_unusual(UNUSUAL);
}

TEST(faults_and_answers_at_random) {
    start_fast();
    for (unsigned round = 0; round < 4000; round++) {
        struct thread *thread = random_below(2) ? dt : du;
        uaddr_t place = place_random();
        if (random_below(4) == 0)
            (void)!memory_free(&d->space, slots(place, 1));
        if (random_below(4) == 0)
            (void)!memory_create(&d->space, PLACE | (random_below(2) ? W : 0),
                                 MEMORY_PAGER | round << MEMORY_COOKIE_SHIFT);
        enum slot_state before = kind_of(d, place);
        make_unusual(random_below(2) ? UNUSUAL : (enum unusual)random_below(TOKENS));
        if (before != SLOT_PAGE)
            touch(thread, place);
        if (before != SLOT_PAGE) {
            program_run(bt);
            CHECK(has_fault(thread, place));
            answer_random();
            CHECK(pager_waits());
            program_run(thread);
            CHECK(state_kept(thread, thread == dt));
        }
        if (round % 16 == 0)
            spaces_check();
    }
    finish();
}

// Another thread closes the port between the look-up of its handle and the wait.
TEST(nobody_waits_at_a_port_that_was_closed) {
    start_fast();
    touch(dt, PLACE);
    CHECK(has_fault(dt, PLACE));
    port_close(pager_port());
    CHECK_EQ(answer(OK, GIVE_PAGE, 0), ERR_PORT_CLOSED);
    CHECK(pager_port()->waiting == nullptr && bt->hand.caller == nullptr);
    finish();
}

// What an interrupted thread has in vector registers is there when it runs on, and gone when it has
// left by its own doing, whether it used them in between or not.
TEST(vector_registers_come_back_at_once_and_go_with_a_call) {
    start_fast();
    exception_of_program(dt, VECTOR_NO_VECTORS, 0);
    CHECK(machine_hart->special & SPECIAL_VECTORS);
    touch(dt, PLACE);
    CHECK(has_fault(dt, PLACE) && dt->vectors_saved);
    CHECK_EQ(machine_hart->special, 0);
    unsigned before = vectors_loaded;
    (void)answer(OK, GIVE_PAGE, 0);
    program_run(dt);
    CHECK_EQ(vectors_loaded, before + 1);
    CHECK(!dt->vectors_saved && machine_hart->special == SPECIAL_VECTORS);
    dt->full = 0;
    hart_requeue(machine_hart);
    program_run(dt);
    CHECK(!dt->vectors_saved && machine_hart->special == 0);
    exception_of_program(dt, VECTOR_NO_VECTORS, 0);
    CHECK_EQ(vectors_loaded, before + 1);
    finish();
}
