// Faults that a pager answers, step by step on simulated harts: B is the pager of D, a process of
// two threads.
//
// sources: kernel/message/begin.c
// sources: tests/host/harts/kernel.c kernel/message/call.c kernel/message/reply.c
// sources: kernel/message/receive.c
// sources: kernel/message/touch.c kernel/interrupt/exception.c kernel/memory/fault_fast.c
// sources: kernel/memory/move.c
// sources: kernel/message/port.c kernel/message/handle.c kernel/message/object.c
// sources: kernel/message/handle_batch.c
// sources: kernel/hart/process_end.c
// sources: kernel/hart/process.c kernel/hart/thread.c kernel/hart/schedule.c kernel/hart/time.c
// sources: kernel/hart/quiet.c kernel/hart/task.c kernel/memory/heap.c kernel/memory/space.c
// sources: kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c kernel/memory/free.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/query.c
// sources: kernel/memory/tlb.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/debug/canary.c kernel/memory/account.c
// sources: kernel/sync/spinlock.c tests/host/harts/memory.c
// sources: kernel/memory/large.c kernel/memory/split.c kernel/debug/peek.c
// defines: BATON_DEBUG=1
#include "debug/peek.h"
#include "touches.h"

static constexpr uaddr_t UNSEEN = 0x4000'0000; // of B: two pages of bits

static status_t answer(handle_t reply, status_t status, parcel_t parcel, uint64_t handles) {
    program_run(bt);
    bt->registers = (struct registers){.rdi = reply, .rsi = (uint16_t)status, .rdx = parcel,
                                       .r8 = handles, .rip = 1, .rsp = 2};
    message_reply(bt);
    return program_status(bt);
}

TEST(a_waiting_pager_runs_at_once_and_gives_a_page) {
    start();
    page_make();
    program_receive(bt, b_port, 0);
    touch(dt, PLACE + 0x123);
    CHECK(kernel_run() == bt);
    const struct registers *r = &bt->registers;
    CHECK_EQ(r->rax, KIND_FAULT << RESULT_KIND_SHIFT);
    CHECK_EQ(r->rdi, BADGE);
    CHECK_EQ(r->rbx, PLACE + 0x123);
    CHECK_EQ(r->r12, TOUCH_WRITE | TOUCH_EMPTY);
    CHECK_EQ(r->r13 | r->r14 | r->r15 | r->rsi | r->rdx | r->r8 | r->r9 | r->rbp, 0);
    uint64_t used = d->account.used, used_b = b->account.used;
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), OK);
    CHECK_EQ(d->account.used, used + 4); // with three tables
    CHECK_EQ(b->account.used, used_b - 1);
    program_run(dt);
    CHECK(state_kept(dt, 1));
    touch(dt, PLACE);
    CHECK(machine_hart->current == dt);
    finish();
}

TEST(faults_stand_in_line_with_requests) {
    start();
    touch(dt, PLACE);
    program_call(at, a_call, 1, 0, 0);
    touch(du, PLACE);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rax, KIND_FAULT << RESULT_KIND_SHIFT);
    program_reply_receive(bt, b_port, OK); // without a page: it touches again
    CHECK_EQ(bt->registers.rax, KIND_REQUEST << RESULT_KIND_SHIFT);
    program_reply_receive(bt, b_port, OK);
    CHECK_EQ(bt->registers.rax, KIND_FAULT << RESULT_KIND_SHIFT);
    program_run(dt);
    CHECK(state_kept(dt, 1));
    program_reply(bt, HANDLE_NONE, 0);
    program_run(du);
    CHECK(state_kept(du, 0));
    finish();
}

TEST(answers_that_do_not_fit_are_refused) {
    start();
    page_make();
    touch(dt, PLACE);
    program_receive(bt, b_port, 0);
    parcel_t level2 = parcel_make(0x4000'0000, 2, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE + 1, 0), ERR_BAD_ARGUMENT);
    CHECK_EQ(answer(HANDLE_NONE, OK, level2, 0), ERR_BAD_ARGUMENT);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, b_port), ERR_BAD_ARGUMENT);
    CHECK_EQ(answer(HANDLE_NONE, ERR_EMPTY, GIVE_PAGE, 0), ERR_BAD_ARGUMENT);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE + PAGE_SIZE, 0), ERR_EMPTY);
    CHECK_EQ(memory_create(&d->space, slots(PLACE, 1), MEMORY_PAGES), OK); // another was faster
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), ERR_OCCUPIED);
    CHECK_EQ(answer(HANDLE_NONE, OK, 0, 0), OK);
    program_run(dt);
    CHECK(state_kept(dt, 1));
    finish();
}

TEST(kept_faults_are_answered_in_any_order) {
    start();
    page_make();
    touch(dt, PLACE);
    touch(du, OTHER);
    program_receive(bt, b_port, 0);
    handle_t first = program_keep(bt);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rbx, OTHER);
    handle_t second = program_keep(bt);
    CHECK_EQ(answer(second, OK, GIVE_PAGE, 0), OK);
    CHECK_EQ(answer(first, OK, 0, 0), OK);
    program_run(du);
    CHECK(state_kept(du, 0));
    program_run(dt);
    CHECK(state_kept(dt, 1));
    finish();
}

TEST(an_error_ends_the_process) {
    start();
    unsigned reports = crash_reports;
    touch(dt, PLACE);
    program_receive(bt, b_port, 0);
    CHECK_EQ(answer(HANDLE_NONE, ERR_EMPTY, 0, 0), OK);
    all_run();
    CHECK_EQ(d->state, PROCESS_ENDED);
    CHECK(d->cause == END_FAULTED && d->status == 126 && d->end_address == PLACE);
    CHECK_EQ(crash_reports, reports + 1);
    finish();
}

TEST(a_request_kept_for_nobody_ends_the_process) {
    start();
    touch(dt, PLACE);
    program_receive(bt, b_port, 0);
    handle_t kept = program_keep(bt);
    CHECK_EQ(handle_close(b, kept), OK);
    all_run();
    CHECK(d->state == PROCESS_ENDED && d->cause == END_FAULTED);
    finish();
}

TEST(the_process_is_killed_while_its_faults_wait) {
    start();
    page_make();
    unsigned reports = crash_reports;
    touch(dt, PLACE);
    touch(du, OTHER);
    program_receive(bt, b_port, 0); // the second stays queued
    process_end(d, END_KILLED, 0, 0, 0);
    kernel_settle();
    CHECK_EQ(d->state, PROCESS_ENDED);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), ERR_CANCELLED);
    CHECK_EQ(memory_free(&b->space, slots(PAGE, 1)), OK);
    CHECK_EQ(pager_port()->pending, 0);
    CHECK(d->cause == END_KILLED && crash_reports == reports);
    finish();
}

TEST(the_pager_ends) {
    for (unsigned taken = 0; taken < 3; taken++) { // queued, in hand, kept
        start();
        touch(dt, PLACE);
        if (taken > 0)
            program_receive(bt, b_port, 0);
        if (taken > 1)
            (void)program_keep(bt);
        process_end(b, END_KILLED, 0, 0, 0);
        all_run();
        CHECK(d->state == PROCESS_ENDED && d->cause == END_FAULTED);
        finish();
    }
}

TEST(a_closed_port_answers_nothing) {
    start();
    CHECK_EQ(handle_close(b, b_port), OK);
    touch(dt, PLACE);
    all_run();
    CHECK(d->state == PROCESS_ENDED && d->cause == END_FAULTED);
    finish();
}

TEST(protection_is_not_asked_about) {
    start();
    CHECK_EQ(memory_create(&d->space, slots(PLACE, 1) & ~PARCEL_WRITABLE, MEMORY_PAGES), OK);
    touch(dt, PLACE);
    CHECK_EQ(pager_port()->pending, 0);
    all_run();
    CHECK(d->state == PROCESS_ENDED && d->cause == END_FAULTED);
    finish();
}

TEST(no_frame_left_is_asked_about) {
    start();
    parcel_t zero = parcel_make(PLACE, 2, 1, PARCEL_NONE, PARCEL_WRITABLE);
    CHECK_EQ(memory_create(&d->space, zero, MEMORY_ZERO), OK);
    frames_fail_at(1);
    touch(dt, PLACE);
    frames_fail_at(0);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.r12, TOUCH_WRITE | TOUCH_NO_FRAME);
    CHECK_EQ(answer(HANDLE_NONE, OK, 0, 0), OK);
    touch(dt, PLACE); // there is one now
    CHECK(machine_hart->current == dt);
    finish();
}

// Pages of D with cookies: charged at once; an answer refunds the pager.
static void cookies_make(unsigned count, uint64_t cookie) {
    uint64_t used = d->account.used;
    uint64_t kind = MEMORY_PAGER | cookie << MEMORY_COOKIE_SHIFT;
    CHECK_EQ(memory_create(&d->space, slots(PLACE, count), kind), OK);
    CHECK_EQ(d->account.used, used + count + 3); // with three tables
}

TEST(an_answer_takes_the_place_of_its_cookie) {
    start();
    page_make();
    cookies_make(2, 0x12'3456'789a);
    uint64_t used = d->account.used, used_b = b->account.used;
    touch(dt, PLACE + PAGE_SIZE + 8);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rbx, PLACE + PAGE_SIZE + 8);
    CHECK_EQ(bt->registers.r12, TOUCH_WRITE | TOUCH_PAGER);
    CHECK_EQ(bt->registers.r13, 0x12'3456'789b);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), OK);
    CHECK_EQ(d->account.used, used);
    CHECK_EQ(b->account.used, used_b - 1);
    touch(dt, PLACE + PAGE_SIZE);
    CHECK(machine_hart->current == dt);
    touch(dt, PLACE); // the other is still with the pager
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.r13, 0x12'3456'789a);
    CHECK_EQ(answer(HANDLE_NONE, OK, 0, 0), OK);
    finish();
}

TEST(an_answer_for_another_cookie_is_refused) {
    start();
    page_make();
    cookies_make(1, 5);
    uint64_t used_b = b->account.used;
    touch(dt, PLACE);
    program_receive(bt, b_port, 0);
    CHECK_EQ(memory_free(&d->space, slots(PLACE, 1)), OK);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), ERR_OCCUPIED); // nothing there
    uint64_t other = MEMORY_PAGER | 6 << MEMORY_COOKIE_SHIFT;
    CHECK_EQ(memory_create(&d->space, slots(PLACE, 1), other), OK);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), ERR_OCCUPIED); // another
    CHECK_EQ(memory_free(&d->space, slots(PLACE, 1)), OK);
    CHECK_EQ(memory_create(&d->space, slots(PLACE, 1), MEMORY_PAGES), OK);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), ERR_OCCUPIED); // a page
    CHECK_EQ(b->account.used, used_b);
    CHECK_EQ(answer(HANDLE_NONE, OK, 0, 0), OK);
    program_run(dt);
    CHECK(state_kept(dt, 1));
    finish();
}

TEST(a_clone_answers_with_the_rights_of_the_place) {
    static constexpr parcel_t CLONE_PAGE =
        PAGE | (parcel_t)PARCEL_CLONE << PARCEL_MODE_SHIFT | PARCEL_WRITABLE;
    start();
    page_make();
    parcel_t read_only = slots(PLACE, 1) & ~PARCEL_WRITABLE;
    CHECK_EQ(memory_create(&d->space, read_only, MEMORY_PAGER), OK);
    uint64_t used = d->account.used, used_b = b->account.used, description, charge;
    touch(dt, PLACE);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.r13, 0);
    CHECK_EQ(answer(HANDLE_NONE, OK, CLONE_PAGE, 0), OK);
    CHECK(d->account.used == used && b->account.used == used_b);
    CHECK_EQ(parcel_query(&d->space, PLACE, &description, &charge), OK);
    CHECK_EQ(description, read_only | (uint64_t)SLOT_PAGE << 56);
    CHECK_EQ(charge, 1);
    finish();
}

// --- cookies freed unseen ------------------------------------------------------------------------

static constexpr unsigned PAGE_BITMAP = PAGE_SIZE * 8;

static uint64_t unseen_word(unsigned number) {
    uint64_t value = 0;
    (void)space_peek(&b->space, UNSEEN + number * sizeof(value), &value);
    return value;
}

static void start_unseen(void) {
    unseen = slots(UNSEEN, 2) & ~PARCEL_WRITABLE;
    start();
    unseen = 0;
    CHECK_EQ(memory_create(&b->space, slots(UNSEEN, 2), MEMORY_PAGES), OK);
}

static void cookies_free(uint64_t cookie, unsigned count) {
    CHECK_EQ(memory_create(&d->space, slots(PLACE, count),
                           MEMORY_PAGER | cookie << MEMORY_COOKIE_SHIFT), OK);
    CHECK_EQ(memory_free(&d->space, slots(PLACE, count)), OK);
}

TEST(freed_cookies_are_marked) {
    start_unseen();
    uint64_t used = d->account.used;
    cookies_free(3, 2);
    CHECK_EQ(d->account.used, used + 3); // tables
    CHECK_EQ(unseen_word(0), 3 << 3);
    cookies_free(PAGE_BITMAP - 1, 2); // in two pages
    CHECK_EQ(unseen_word(PAGE_BITMAP / 64 - 1), 1ull << 63);
    CHECK_EQ(unseen_word(PAGE_BITMAP / 64), 1);
    cookies_free(2 * PAGE_BITMAP - 1, 2); // one beyond the last
    CHECK_EQ(unseen_word(2 * PAGE_BITMAP / 64 - 1), 1ull << 63);
    cookies_free(200, TABLE_ENTRIES / 2);
    CHECK_EQ(unseen_word(200 / 64), ~0ull << 200 % 64);
    CHECK_EQ(unseen_word(4), ~0ull);
    finish();
}

TEST(pages_between_cookies_are_freed_with_them) {
    start_unseen();
    page_make();
    cookies_make(3, 10);
    touch(dt, PLACE + PAGE_SIZE);
    program_receive(bt, b_port, 0);
    CHECK_EQ(answer(HANDLE_NONE, OK, GIVE_PAGE, 0), OK);
    CHECK_EQ(memory_free(&d->space, slots(PLACE, 4)), OK);
    CHECK_EQ(unseen_word(0), 1 << 10 | 1 << 12); // what was brought in was seen
    finish();
}

TEST(tables_with_cookies_are_not_freed) {
    start_unseen();
    cookies_make(1, 5);
    parcel_t level2 = parcel_make(PLACE, 2, 1, PARCEL_NONE, 0);
    CHECK_EQ(memory_free(&d->space, level2), ERR_AWAY);
    CHECK_EQ(unseen_word(0), 0);
    CHECK_EQ(memory_free(&d->space, slots(PLACE, 1)), OK);
    CHECK_EQ(memory_free(&d->space, level2), OK);
    CHECK_EQ(unseen_word(0), 1 << 5);
    finish();
}

TEST(a_process_ends_with_cookies_that_nobody_hears_of) {
    start_unseen();
    cookies_make(4, 5);
    program_end(d);
    CHECK_EQ(unseen_word(0), 0);
    end();
}

// The pager has no such pages, or only some; or has ended.
TEST(marks_that_have_no_place_are_lost) {
    start_unseen();
    CHECK_EQ(memory_free(&b->space, slots(UNSEEN, 1)), OK);
    cookies_free(PAGE_BITMAP - 1, 2);
    CHECK_EQ(unseen_word(PAGE_BITMAP / 64), 1);
    process_end(b, END_KILLED, 0, 0, 0);
    kernel_settle();
    cookies_free(1, 2);
    finish();
    start(); // without any
    cookies_free(1, 2);
    finish();
}

TEST(pages_for_marks_are_checked) {
    static const char name[16] = "new";
    begin();
    struct process *e;
    struct port *port = pager_port();
    uint64_t references = port->object.references, processes = b->object.references;
    CHECK_EQ(process_create(&kernel_process, 600, name, &e), OK);
    parcel_t level2 = parcel_make(0x4000'0000, 2, 1, PARCEL_NONE, 0);
    CHECK_EQ(process_pager_set(e, b, port, 1, level2), ERR_BAD_SLOT);
    CHECK_EQ(process_pager_set(e, b, port, 1, UNSEEN | PARCEL_WRITABLE), ERR_BAD_ARGUMENT);
    CHECK_EQ(process_pager_set(e, b, port, 1, GIVE_PAGE), ERR_BAD_ARGUMENT);
    CHECK_EQ(port->object.references, references);
    CHECK_EQ(process_pager_set(e, b, port, 1, UNSEEN), OK);
    CHECK_EQ(b->object.references, processes + 1);
    program_end(e);
    CHECK_EQ(port->object.references, references);
    CHECK_EQ(b->object.references, processes);
    end();
}

TEST(a_pager_is_set_once_and_before_the_start) {
    static const char name[16] = "new";
    begin();
    struct process *e;
    CHECK_EQ(process_pager_set(a, b, pager_port(), 0, 0), ERR_NOT_ALLOWED);
    CHECK_EQ(process_create(&kernel_process, 600, name, &e), OK);
    CHECK_EQ(process_pager_set(e, b, pager_port(), 1, 0), OK);
    CHECK_EQ(process_pager_set(e, b, pager_port(), 2, 0), ERR_NOT_ALLOWED);
    CHECK_EQ(e->pager_badge, 1);
    program_end(e);
    touch(at, PLACE); // has none
    all_run();
    CHECK(a->state == PROCESS_ENDED && a->cause == END_FAULTED);
    end();
}
