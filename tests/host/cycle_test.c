// Calls that would wait for each other, and those that only look so.
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

TEST(a_call_that_closes_a_cycle_fails) {
    begin();
    program_receive(ct, c_port, 0);
    program_call(bt, b_call_c, 1, 0, 0);
    program_call(ct, c_call, 2, 0, host_ticks + 500); // C serves B, which is to serve C
    CHECK_EQ(program_status(ct), ERR_DEADLOCK);
    CHECK(ct->port == nullptr && ct->timer.hart == nullptr);
    program_reply(ct, HANDLE_NONE, 7);
    program_run(bt);
    CHECK_EQ(bt->registers.rsi, 7);
    program_call(bt, b_call_c, 3, 0, 0); // queued
    program_call(ct, c_call, 4, 0, 0);
    CHECK_EQ(program_status(ct), ERR_DEADLOCK);
    program_receive(ct, c_port, 0);
    handle_t kept = program_keep(ct);
    program_call(ct, c_call, 5, 0, 0);
    CHECK_EQ(program_status(ct), ERR_DEADLOCK);
    program_reply(ct, kept, 8);
    program_call(ct, c_call, 6, 0, 0); // B has its answer
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rsi, 6);
    end();
}

// Another hart holds a call of the cycle for a moment, to enter its deadline.
TEST(a_call_that_is_held_closes_a_cycle) {
    begin();
    program_receive(ct, c_port, 0);
    program_call(bt, b_call_c, 1, 0, 0);
    uint64_t word = bt->call.word;
    CHECK(call_claim(bt, word, CALL_REPLYING));
    program_call(ct, c_call, 2, 0, 0);
    call_unclaim(bt, word);
    CHECK_EQ(program_status(ct), ERR_DEADLOCK);
    end();
}

TEST(a_thread_that_calls_itself_fails) {
    begin();
    handle_t own;
    struct thread *second;
    struct object *port = handle_entry(b, b_port)->object;
    CHECK_EQ(handle_install(b, port, RIGHT_CALL, 0, &own), OK);
    CHECK_EQ(memory_create(&b->space, parcel_make(0x1000'0000, 1, 1, PARCEL_NONE, PARCEL_WRITABLE),
                           MEMORY_PAGES), OK);
    program_call(bt, own, 1, parcel_make(0x1000'0000, 1, 1, PARCEL_LEND, 0), 0);
    CHECK_EQ(program_status(bt), ERR_DEADLOCK);
    CHECK_EQ(memory_free(&b->space, parcel_make(0x1000'0000, 1, 1, PARCEL_NONE, 0)), OK);
    CHECK_EQ(thread_create(b, 0x40'0000, 0x80'0000, 0, &second), OK);
    CHECK_EQ(thread_start(second), OK); // it could answer
    object_release(&second->object);
    program_call(bt, own, 2, 0, 0);
    CHECK(bt->port != nullptr);
    end();
}

// It was none when they called: A was to serve C then.
TEST(a_cycle_of_others_is_left_alone) {
    begin();
    handle_t port_handle, granted;
    handle_t to_a = call_handle(c, port_of(a, &port_handle));
    program_call(ct, to_a, 1, 0, 0);
    program_call(bt, b_call_c, 2, 0, 0);
    CHECK(ct->port != nullptr && bt->port != nullptr);
    CHECK_EQ(handle_grant(a, port_handle, b, RIGHTS_ALL, true, &granted), OK);
    program_call(at, a_call, 3, 0, host_ticks + 500);
    CHECK(at->port != nullptr);
    kernel_wait(1500);
    program_run(at);
    CHECK_EQ(program_status(at), ERR_TIMED_OUT);
    end();
}

// Each is to serve the one before. Who waits to receive first is called directly, else the call
// queues.
static void five_in_a_circle(unsigned receiving) {
    static constexpr unsigned COUNT = 5;
    struct process *process[COUNT];
    struct thread *thread[COUNT];
    struct port *port[COUNT];
    handle_t own[COUNT], call[COUNT];
    begin();
    harts[1]->online = false; // all run on the first
    for (unsigned i = 0; i < COUNT; i++) {
        process[i] = program_start(&thread[i]);
        port[i] = port_of(process[i], &own[i]);
    }
    kernel_settle();
    for (unsigned i = 0; i < COUNT; i++)
        call[i] = call_handle(process[i], port[(i + 1) % COUNT]);
    for (unsigned i = 1; i < COUNT; i++)
        if (receiving >> i & 1)
            program_receive(thread[i], own[i], 0);
    for (unsigned i = 0; i + 1 < COUNT; i++)
        program_call(thread[i], call[i], 1, 0, 0);
    program_call(thread[COUNT - 1], call[COUNT - 1], 1, 0, 0);
    CHECK_EQ(program_status(thread[COUNT - 1]), ERR_DEADLOCK);
    program_end(process[2]); // the circle is open: the last call is one of a chain
    program_call(thread[COUNT - 1], call[COUNT - 1], 1, 0, 0);
    CHECK(thread[COUNT - 1]->port == port[0]);
    for (unsigned i = 0; i < COUNT; i++)
        if (i != 2)
            program_end(process[i]);
    harts[1]->online = true;
    end();
}

TEST(circles_of_five) {
    for (unsigned receiving = 0; receiving < 32; receiving += 2)
        five_in_a_circle(receiving);
}
