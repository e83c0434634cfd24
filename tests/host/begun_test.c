// Calls that are begun, and the turns that processes take in a queue.
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

static handle_t begun_handle(handle_t port, uint64_t badge) {
    uint64_t call;
    CHECK_EQ(system_call_create(at, program_object(at, port), badge, &call), OK);
    return (handle_t)call;
}

static handle_t begun_for(handle_t *port) {
    (void)port_of(a, port);
    return begun_handle(*port, 100);
}

static void completion_expect(uint64_t badge, uint64_t result, uint64_t tag) {
    CHECK_EQ(at->registers.rax, KIND_COMPLETION << RESULT_KIND_SHIFT | result);
    CHECK_EQ(at->registers.rdi, badge);
    CHECK_EQ(at->registers.rsi, tag);
}

TEST(begun_calls_complete_at_the_port) {
    begin();
    handle_t port_handle;
    (void)port_of(a, &port_handle);
    handle_t one = begun_handle(port_handle, 100), two = begun_handle(port_handle, 200);
    program_begin(at, one, a_call, 1, 0, 0); // queued
    CHECK_EQ(program_status(at), OK);
    program_begin(at, one, a_call, 1, 0, 0);
    CHECK_EQ(program_status(at), ERR_BUSY);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rsi, 1);
    program_reply_receive(bt, b_port, 9);
    program_begin(at, two, a_call, 2, 0, 0); // to a server that waits
    CHECK_EQ(program_status(at), OK);
    program_receive(at, port_handle, 0);
    completion_expect(100, 0, 9);
    CHECK(at->registers.rbx == 1 && at->registers.r15 == 5);
    program_receive(at, port_handle, 0); // waits
    program_run(bt);
    CHECK_EQ(bt->registers.rsi, 2);
    program_reply_receive(bt, b_port, 8);
    program_run(at);
    completion_expect(200, 0, 8);
    program_cancel(at, two);
    CHECK_EQ(program_status(at), ERR_NOT_CALLED);
    program_begin(at, one, port_handle, 1, 0, 0);
    CHECK_EQ(program_status(at), ERR_NO_RIGHT);
    program_begin(at, port_handle, a_call, 1, 0, 0);
    CHECK_EQ(program_status(at), ERR_WRONG_TYPE);
    program_begin(at, one, a_call, 1, 0, 1);
    CHECK_EQ(program_status(at), ERR_TIMED_OUT);
    end();
}

TEST(begun_calls_end_otherwise) {
    begin();
    handle_t port_handle;
    handle_t one = begun_for(&port_handle);
    program_begin(at, one, a_call, 1, 0, 0);
    program_cancel(at, one);
    CHECK_EQ(program_status(at), OK);
    program_receive(at, port_handle, 0);
    completion_expect(100, RESULT_FAILED, ERR_CANCELLED);
    program_begin(at, one, a_call, 1, 0, host_ticks + 500);
    kernel_wait(600);
    program_receive(at, port_handle, 0);
    completion_expect(100, RESULT_FAILED, ERR_TIMED_OUT);
    program_begin(at, one, a_call, 3, 0, 0);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rsi, 3); // those withdrawn are gone
    program_cancel(at, one);
    program_receive(at, port_handle, 0);
    completion_expect(100, RESULT_FAILED | RESULT_TAKEN, ERR_CANCELLED);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), ERR_CANCELLED);
    program_receive(bt, b_port, 0);
    program_begin(at, one, a_call, 4, 0, 0);
    process_end(b, END_KILLED, 0, 0, 0);
    program_receive(at, port_handle, 0);
    kernel_settle(); // B's thread ends when its turn comes
    program_run(at);
    completion_expect(100, RESULT_FAILED | RESULT_TAKEN, ERR_PEER_DIED);
    program_begin(at, one, a_call, 5, 0, 0);
    CHECK_EQ(program_status(at), ERR_PORT_CLOSED);
    end();
}

TEST(a_call_object_is_closed_when_nothing_is_in_flight) {
    begin();
    handle_t port_handle;
    struct port *port = port_of(a, &port_handle);
    handle_t one = begun_handle(port_handle, 1);
    program_begin(at, one, a_call, 1, 0, 0);
    CHECK_EQ(handle_close(a, one), ERR_BUSY);
    program_receive(bt, b_port, 0);
    CHECK_EQ(handle_close(a, one), ERR_BUSY);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(port->pending, 1);
    CHECK_EQ(handle_close(a, one), ERR_BUSY);
    program_receive(at, port_handle, 0);
    CHECK_EQ(a->space.runners, 1);
    CHECK_EQ(handle_close(a, one), OK);
    end();
}

static void give_reply(struct thread *server, handle_t reply, parcel_t parcel, handle_t handle) {
    program_run(server);
    server->registers = (struct registers){
        .rdi = reply, .rdx = parcel, .r8 = handle, .rsi = (uint64_t)RIGHT_CALL << TAG_RIGHTS_SHIFT |
        1ull << TAG_MOVE_SHIFT, .rip = server->registers.rip, .rsp = server->registers.rsp};
    message_reply(server);
}

static constexpr uaddr_t PAGE = 0x1000'0000, WINDOW = 0x2000'0000;

static parcel_t page_prepare(void) {
    CHECK_EQ(memory_create(&b->space, parcel_make(PAGE, 1, 1, PARCEL_NONE, PARCEL_WRITABLE),
                           MEMORY_PAGES), OK);
    CHECK_EQ(slot_prepare(&a->space, parcel_make(WINDOW, 1, 1, PARCEL_NONE, 0), 1), OK);
    at->acceptance = (struct acceptance){.charge = 1, .handles = 1};
    return parcel_make(PAGE, 1, 1, PARCEL_GIVE, PARCEL_WRITABLE);
}

static bool page_arrived(void) {
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&a->space, WINDOW, &description, &charge), OK);
    return description >> 56 == SLOT_PAGE;
}

TEST(a_completion_brings_parcel_and_handle) {
    begin();
    handle_t port_handle;
    handle_t one = begun_for(&port_handle);
    parcel_t gift = page_prepare();
    program_receive(bt, b_port, 0);
    program_begin(at, one, a_call, 1, 0, 0);
    at->acceptance = (struct acceptance){}; // what was accepted then holds
    give_reply(bt, HANDLE_NONE, gift, b_call_c);
    CHECK_EQ(program_status(bt), OK);
    CHECK(page_arrived());
    program_receive(at, port_handle, 0);
    CHECK_EQ(at->registers.rax, (uint64_t)KIND_COMPLETION << RESULT_KIND_SHIFT |
                                    1ull << RESULT_CHARGE_SHIFT);
    CHECK_EQ(parcel_address(at->registers.rdx), WINDOW);
    CHECK_EQ(handle_close(a, (handle_t)at->registers.r8), OK);
    end();
}

// Nobody can receive it any more: the process keeps what it brought, and the object can be used.
TEST(a_completion_goes_with_its_port) {
    begin();
    handle_t port_handle;
    struct port *port = port_of(a, &port_handle);
    handle_t queued = begun_handle(port_handle, 1), taken = begun_handle(port_handle, 2);
    parcel_t gift = page_prepare();
    program_begin(at, queued, a_call, 1, 0, 0);
    program_receive(bt, b_port, 0);
    program_reply(bt, HANDLE_NONE, 0);
    program_begin(at, taken, a_call, 2, 0, 0);
    CHECK_EQ(port->pending, 1);
    CHECK_EQ(handle_close(a, port_handle), OK);
    CHECK_EQ(handle_close(a, queued), OK);
    CHECK_EQ(handle_close(a, taken), ERR_BUSY);
    program_receive(bt, b_port, 0);
    give_reply(bt, HANDLE_NONE, gift, b_call_c);
    CHECK_EQ(program_status(bt), OK);
    CHECK(page_arrived());
    CHECK_EQ(a->space.runners, 1);
    program_begin(at, taken, a_call, 3, 0, 0);
    CHECK_EQ(program_status(at), OK);
    end();
}

// Everything goes with the process: what has arrived, and what is about to.
TEST(completions_go_with_their_process) {
    begin();
    handle_t port_handle;
    handle_t one = begun_for(&port_handle);
    parcel_t gift = page_prepare();
    program_receive(bt, b_port, 0);
    program_begin(at, one, a_call, 1, 0, 0);
    give_reply(bt, HANDLE_NONE, gift, b_call_c);
    CHECK_EQ(program_status(bt), OK);
    process_end(a, END_KILLED, 0, 0, 0);
    program_receive(bt, b_port, 0); // so that A's thread has its turn, and ends
    kernel_settle();
    CHECK_EQ(a->state, PROCESS_ENDED);
    end();
}

TEST(a_call_object_is_used_again_while_a_server_keeps_its_last_request) {
    begin();
    handle_t port_handle;
    handle_t one = begun_for(&port_handle);
    program_receive(bt, b_port, 0);
    program_begin(at, one, a_call, 1, 0, 0);
    handle_t first = program_keep(bt);
    program_cancel(at, one);
    program_receive(at, port_handle, 0);
    completion_expect(100, RESULT_FAILED | RESULT_TAKEN, ERR_CANCELLED);
    program_begin(at, one, a_call, 2, 0, 0);
    program_receive(bt, b_port, 0);
    handle_t second = program_keep(bt);
    program_reply(bt, first, 7); // not for the second
    CHECK_EQ(program_status(bt), ERR_CANCELLED);
    program_reply(bt, second, 8);
    CHECK_EQ(program_status(bt), OK);
    program_receive(at, port_handle, 0);
    completion_expect(100, 0, 8);
    end();
}

static void served_in_order(const char *order) {
    for (; *order != 0; order++) {
        program_receive(bt, b_port, 0);
        CHECK_EQ(bt->registers.rsi, (uint64_t)*order);
    }
}

// Whatever one process has queued, another's call waits for one of it.
TEST(processes_take_turns_in_a_queue) {
    begin();
    handle_t port_handle, call[4];
    const struct port *port = (struct port *)handle_entry(b, b_port)->object;
    (void)port_of(a, &port_handle);
    for (unsigned i = 0; i < 4; i++) {
        call[i] = begun_handle(port_handle, i);
        program_begin(at, call[i], a_call, 'a' + i, 0, 0);
    }
    program_call(ct, c_call, 'z', 0, host_ticks + 500);
    CHECK_EQ(port->pending, 5);
    served_in_order("azbcd");
    CHECK_EQ(port->pending, 0);
    CHECK(port->queue.first == nullptr);
    end();
}

// One that leaves from the front, the middle or the end of its process's.
TEST(the_others_of_a_process_stay_when_one_leaves) {
    for (unsigned leaves = 0; leaves < 4; leaves++) {
        begin();
        handle_t port_handle, call[4];
        char order[6], *next = order;
        (void)port_of(a, &port_handle);
        for (unsigned i = 0; i < 4; i++) {
            call[i] = begun_handle(port_handle, i);
            program_begin(at, call[i], a_call, 'a' + i, 0, 0);
        }
        program_call(ct, c_call, 'z', 0, 0);
        program_cancel(at, call[leaves]);
        program_begin(at, call[3 - leaves], a_call, 'e', 0, 0);
        CHECK_EQ(program_status(at), ERR_BUSY);
        program_receive(at, port_handle, 0);
        program_begin(at, call[leaves], a_call, 'e', 0, 0);
        CHECK_EQ(program_status(at), OK);
        if (leaves == 0)
            *next++ = 'z';
        for (unsigned i = 0; i < 4; i++) {
            if (i != leaves)
                *next++ = (char)('a' + i);
            if (i == 0 && leaves != 0)
                *next++ = 'z';
        }
        *next++ = 'e';
        *next = 0;
        served_in_order(order);
        end();
    }
}

TEST(a_begun_call_ends_with_its_sender) {
    begin();
    handle_t port_handle;
    (void)port_of(a, &port_handle);
    handle_t taken = begun_handle(port_handle, 1), queued = begun_handle(port_handle, 2);
    program_receive(bt, b_port, 0);
    program_begin(at, taken, a_call, 1, 0, 0);
    program_begin(at, queued, a_call, 2, 0, 0);
    process_end(a, END_KILLED, 0, 0, 0);
    kernel_settle();
    CHECK_EQ(a->state, PROCESS_ENDED);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), ERR_CANCELLED);
    program_receive(bt, b_port, host_ticks + 100); // nothing is queued
    kernel_wait(1000);
    program_run(bt);
    CHECK_EQ(program_status(bt), ERR_TIMED_OUT);
    end();
}

TEST(a_request_that_the_server_does_not_accept_fails_or_completes_with_the_error) {
    begin();
    handle_t port_handle;
    handle_t one = begun_for(&port_handle);
    CHECK_EQ(memory_create(&a->space, parcel_make(PAGE, 1, 1, PARCEL_NONE, PARCEL_WRITABLE),
                           MEMORY_PAGES), OK);
    parcel_t gift = parcel_make(PAGE, 1, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    program_begin(at, one, a_call, 1, gift, 0); // queued
    CHECK_EQ(program_status(at), OK);
    program_receive(bt, b_port, 0);
    program_receive(at, port_handle, 0);
    completion_expect(100, RESULT_FAILED, ERR_NO_SLOT);
    program_begin(at, one, a_call, 1, gift, 0); // to the server that waits now
    CHECK_EQ(program_status(at), ERR_NO_SLOT);
    CHECK_EQ(memory_free(&a->space, parcel_make(PAGE, 1, 1, PARCEL_NONE, 0)), OK);
    program_begin(at, one, a_call, 3, 0, 0); // it still waits
    program_run(bt);
    CHECK_EQ(bt->registers.rsi, 3);
    end();
}

// B does not wait for what it began.
TEST(a_begun_call_closes_no_cycle) {
    begin();
    handle_t port_handle;
    uint64_t call;
    (void)port_of(b, &port_handle);
    CHECK_EQ(system_call_create(bt, program_object(bt, port_handle), 7, &call), OK);
    program_receive(ct, c_port, 0);
    program_begin(bt, (handle_t)call, b_call_c, 1, 0, 0);
    program_call(ct, c_call, 2, 0, 0);
    CHECK(ct->port != nullptr);
    program_receive(bt, b_port, 0);
    program_reply(bt, HANDLE_NONE, 3);
    program_run(ct);
    CHECK_EQ(ct->registers.rsi, 3);
    program_call(bt, b_call_c, 4, 0, 0); // waits, until C has served what was begun
    program_begin(ct, (handle_t)call, c_call, 5, 0, 0);
    CHECK_EQ(program_status(ct), ERR_BAD_HANDLE);
    program_call(ct, c_call, 6, 0, 0);
    CHECK_EQ(program_status(ct), ERR_DEADLOCK);
    end();
}

TEST(a_begun_call_inherits_the_deadline_that_its_sender_serves) {
    begin();
    handle_t port_handle;
    uint64_t call;
    (void)port_of(b, &port_handle);
    CHECK_EQ(system_call_create(bt, program_object(bt, port_handle), 7, &call), OK);
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, host_ticks + 5000);
    program_begin(bt, (handle_t)call, b_call_c, 2, 0, 0);
    CHECK_EQ(program_status(bt), OK);
    kernel_wait(6000);
    program_reply(bt, HANDLE_NONE, 0);
    program_receive(bt, port_handle, 0);
    CHECK_EQ(bt->registers.rax, (uint64_t)KIND_COMPLETION << RESULT_KIND_SHIFT | RESULT_FAILED);
    CHECK_EQ(bt->registers.rsi, (uint16_t)ERR_TIMED_OUT);
    end();
}

// Handles of the process that began mean something else in one that received the port.
TEST(a_completion_in_another_process_names_nothing) {
    begin();
    handle_t port_handle, moved;
    struct port *port = port_of(a, &port_handle);
    handle_t one = begun_handle(port_handle, 100);
    parcel_t gift = page_prepare();
    program_receive(bt, b_port, 0);
    program_begin(at, one, a_call, 1, 0, 0);
    give_reply(bt, HANDLE_NONE, gift, b_call_c);
    CHECK_EQ(handle_install(c, &port->object, RIGHT_RECEIVE, 0, &moved), OK);
    program_receive(ct, moved, 0);
    CHECK_EQ(ct->registers.rdi, 100);
    CHECK_EQ(ct->registers.rdx | ct->registers.r8 | ct->registers.r9, 0);
    end();
}
