// Calls between processes, step by step on simulated harts: who gets what, when waits end, and what
// is left. The races that a booted system shows once in a while happen here each time.
//
// sources: kernel/message/begin.c kernel/message/system_object.c
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
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "message/system_call.h"
#include "three.h"

TEST(a_waiting_server_runs_at_once) {
    begin();
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 7, 0, 0);
    CHECK(kernel_run() == bt);
    const struct registers *r = &bt->registers;
    CHECK_EQ(r->rax, KIND_REQUEST << RESULT_KIND_SHIFT);
    CHECK_EQ(r->rdi, a->number);
    CHECK_EQ(r->rsi, 7);
    CHECK(r->rbx == 1 && r->r12 == 2 && r->r13 == 3 && r->r14 == 4 && r->r15 == 5);
    CHECK_EQ(r->rbp | r->rcx | r->r11 | r->rdx | r->r8 | r->r9 | r->r10, 0);
    program_reply_receive(bt, b_port, 0);
    CHECK(kernel_run() == at);
    CHECK_EQ(at->registers.rax | at->registers.rdi | at->registers.rbp | at->registers.r10, 0);
    CHECK_EQ(program_status(at), OK);
    end();
}

TEST(callers_queue_in_order) {
    begin();
    program_call(at, a_call, 1, 0, 0);
    program_call(ct, c_call, 2, 0, 0);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rsi, 1);
    program_reply_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rsi, 2);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), OK);
    program_run(ct);
    CHECK_EQ(program_status(ct), OK);
    end();
}

TEST(deadlines_queued_taken_and_receiving) {
    begin();
    program_call(at, a_call, 1, 0, host_ticks + 5000);
    kernel_wait(5000);
    program_run(at);
    CHECK_EQ(at->registers.rax, (uint16_t)ERR_TIMED_OUT);
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, host_ticks + 500);
    CHECK(kernel_run() == bt);
    kernel_wait(1500); // the watchdog comes by first
    program_run(at);
    CHECK_EQ(at->registers.rax, (uint16_t)ERR_TIMED_OUT | RESULT_TAKEN);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), ERR_CANCELLED);
    program_receive(bt, b_port, host_ticks + 100);
    kernel_wait(200);
    program_run(bt);
    CHECK_EQ(program_status(bt), ERR_TIMED_OUT);
    end();
}

// An expiry is under way on another hart when the wait ends; the thread waits anew. The old expiry
// must not end the new wait.
TEST(a_late_expiry_ends_nothing) {
    begin();
    program_call(at, a_call, 1, 0, host_ticks + 5000);
    program_receive(bt, b_port, 0);
    host_ticks += 6000;
    struct timer late = at->timer; // what the other hart has taken out of its heap
    program_reply(bt, HANDLE_NONE, 0);
    program_run(at);
    CHECK_EQ(program_status(at), OK);
    CHECK_EQ(at->timer.deadline, 0); // nothing is left that the fast path would have to clear
    program_call(at, a_call, 2, 0, host_ticks + 5000);
    late.expired(&at->timer);
    CHECK(at->port != nullptr);
    program_receive(bt, b_port, 0);
    late.expired(&at->timer);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), OK);
    program_receive(bt, b_port, host_ticks + 10);
    host_ticks += 20;
    program_call(at, a_call, 3, 0, 0);
    CHECK(kernel_run() == bt);
    program_reply_receive(bt, b_port, 0);
    late.expired(&bt->timer); // of the receive before
    CHECK(bt->port != nullptr);
    end();
}

// A deadline that has passed when it is entered ends the call when timers run, and leaves none
// behind.
TEST(no_timer_stays_armed) {
    begin();
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, host_ticks + 500);
    CHECK(kernel_run() == bt);
    host_ticks += 600;
    deadlines_enter(bt);
    CHECK_EQ(at->timer.deadline, host_ticks - 100);
    timers_run(hart_self());
    CHECK(at->timer.hart == nullptr && !at->slow.timed);
    program_run(at);
    CHECK_EQ(program_status(at), ERR_TIMED_OUT);
    end();
}

TEST(a_far_deadline_does_not_keep_the_watchdog_away) {
    begin();
    program_receive(ct, c_port, 0);
    program_receive(bt, b_port, host_ticks + 1'000'000);
    program_run(at);
    kernel_wait(1500);
    CHECK(kernel_run() == at);
    CHECK(hart_tick(harts[0]) > host_ticks + 1000); // nobody else is there to run
    CHECK_EQ(handle_close(c, c_port), OK);          // now C is, and finds that its port is gone
    CHECK(kernel_run() == at);
    CHECK(hart_tick(harts[0]) <= host_ticks + 1000);
    end();
}

TEST(a_killed_caller_is_not_answered) {
    begin();
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, 0);
    process_end(a, END_KILLED, 0, 0, 0);
    kernel_settle();
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), ERR_CANCELLED);
    end();
}

TEST(a_server_that_ends_answers_all) {
    begin();
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, 0);
    program_run(ct);
    program_call(ct, c_call, 1, 0, 0);
    process_end(b, END_KILLED, 0, 0, 0);
    kernel_settle();
    program_run(at);
    CHECK_EQ(at->registers.rax, (uint16_t)ERR_PEER_DIED | RESULT_TAKEN);
    program_run(ct);
    CHECK_EQ(ct->registers.rax, (uint16_t)ERR_PORT_CLOSED);
    end();
}

// The end comes from another hart while the thread is in the kernel, on its way to wait:
// tests/model.
TEST(a_thread_about_to_wait_is_not_forgotten) {
    begin();
    program_run(at);
    kernel_hart(1);
    process_end(a, END_KILLED, 0, 0, 0);
    kernel_hart(0);
    program_call(at, a_call, 1, 0, 0);
    CHECK(at->port != nullptr);
    kernel_settle();
    CHECK_EQ(a->state, PROCESS_ENDED);
    program_receive(bt, b_port, 0);
    CHECK(bt->port != nullptr); // its call is withdrawn
    end();
}

TEST(kept_requests_are_answered_once) {
    begin();
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, 0);
    handle_t reply = program_keep(bt);
    CHECK_EQ(program_status(bt), OK);
    program_reply(bt, reply, 0);
    CHECK_EQ(program_status(bt), OK);
    program_reply(bt, reply, 0);
    CHECK_EQ(program_status(bt), ERR_BAD_HANDLE);
    program_run(at);
    program_call(at, a_call, 1, 0, 0);
    program_receive(bt, b_port, 0);
    reply = program_keep(bt);
    CHECK_EQ(handle_close(b, reply), OK);
    program_run(at);
    CHECK_EQ(at->registers.rax, (uint16_t)ERR_NO_REPLY | RESULT_TAKEN);
    end();
}
