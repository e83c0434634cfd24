// Loans between processes, and watches, when one of them ends: step by step on simulated harts.
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

// --- loans ---------------------------------------------------------------------------------------

static constexpr uaddr_t PAGE = 0x1000'0000, WINDOWS = 0x2000'0000;

static parcel_t loan_prepare(void) {
    CHECK_EQ(memory_create(&a->space, parcel_make(PAGE, 1, 2, PARCEL_NONE, PARCEL_WRITABLE),
                           MEMORY_PAGES), OK);
    parcel_t windows = parcel_make(WINDOWS, 1, 4, PARCEL_NONE, 0);
    CHECK_EQ(slot_prepare(&b->space, windows, 1), OK);
    CHECK_EQ(slot_prepare(&c->space, windows, 1), OK);
    return parcel_make(PAGE, 1, 1, PARCEL_LEND, 0);
}

static bool page_is_home(uaddr_t page) {
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&a->space, page, &description, &charge), OK);
    return description >> 56 == SLOT_PAGE;
}

// A lends to B, which lends it on to C and gives up waiting. Then B ends.
TEST(a_loan_that_is_lent_on_comes_home_in_the_end) {
    begin();
    parcel_t loan = loan_prepare();
    program_receive(ct, c_port, 0);
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, loan, 0);
    CHECK(kernel_run() == bt);
    parcel_t on = parcel_make(parcel_address(bt->registers.rdx), 1, 1, PARCEL_LEND, 0);
    program_call(bt, b_call_c, 1, on, host_ticks + 3000);
    CHECK(kernel_run() == ct);
    kernel_wait(4000);
    program_run(bt);
    CHECK_EQ(program_status(bt), ERR_TIMED_OUT);
    program_reply(bt, HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), ERR_BUSY);
    program_receive(bt, b_port, 0);
    CHECK_EQ(program_status(bt), ERR_BUSY);
    process_end(b, END_KILLED, 0, 0, 0);
    kernel_settle();
    program_run(at); // it does not have to wait for C
    CHECK_EQ(at->registers.rax, (uint16_t)ERR_PEER_DIED | RESULT_TAKEN);
    CHECK(!page_is_home(PAGE));
    CHECK_EQ(b->state, PROCESS_ENDING);
    program_reply(ct, HANDLE_NONE, 0);
    kernel_settle();
    CHECK(page_is_home(PAGE));
    CHECK_EQ(b->state, PROCESS_ENDED);
    end();
}

// Two loans of a dead lender come home one after the other.
TEST(a_dead_lender_ends_with_its_last_loan) {
    begin();
    parcel_t loan = loan_prepare();
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, loan, host_ticks + 500);
    handle_t first = program_keep(bt);
    kernel_wait(3000);
    program_receive(bt, b_port, 0);
    program_run(at);
    CHECK_EQ(program_status(at), ERR_TIMED_OUT);
    program_call(at, a_call, 1, parcel_make(PAGE + PAGE_SIZE, 1, 1, PARCEL_LEND, 0), 0);
    CHECK(kernel_run() == bt);
    process_end(a, END_KILLED, 0, 0, 0);
    kernel_settle();
    CHECK_EQ(a->state, PROCESS_ENDING);
    CHECK_EQ(handle_close(b, first), OK);
    kernel_settle();
    CHECK_EQ(a->state, PROCESS_ENDING);
    program_reply(bt, HANDLE_NONE, 0);
    kernel_settle();
    CHECK_EQ(a->state, PROCESS_ENDED);
    end();
}

// --- watches -------------------------------------------------------------------------------------

TEST(watches_go_with_either_side) {
    begin();
    struct process *fresh;
    static const char name[16] = "new";
    CHECK_EQ(process_create(b, 32, name, &fresh), OK);
    handle_t port_handle;
    struct port *port = port_of(a, &port_handle);
    CHECK_EQ(process_watch(fresh, a, port, 5), OK);
    CHECK_EQ(process_watch(b, a, port, 6), OK); // never told: a ends first
    CHECK_EQ(process_watch(&kernel_process, a, port, 7), OK); // which never ends
    process_release(fresh);
    kernel_settle();
    program_receive(at, port_handle, 0);
    CHECK_EQ(at->registers.rax, KIND_DEATH << RESULT_KIND_SHIFT);
    CHECK_EQ(at->registers.rdi, 5);
    end();
}

// --- begun calls ---------------------------------------------------------------------------------

static handle_t begun_with_port(handle_t *port_handle) {
    uint64_t call;
    (void)port_of(a, port_handle);
    CHECK_EQ(system_call_create(at, program_object(at, *port_handle), 100, &call), OK);
    return (handle_t)call;
}

TEST(a_begun_loan_comes_home_with_the_completion) {
    begin();
    parcel_t loan = loan_prepare();
    handle_t port_handle, call = begun_with_port(&port_handle);
    program_receive(bt, b_port, 0);
    program_begin(at, call, a_call, 1, loan, 0);
    CHECK_EQ(program_status(at), OK);
    CHECK(!page_is_home(PAGE));
    program_reply(bt, HANDLE_NONE, 4);
    CHECK(page_is_home(PAGE));
    program_receive(at, port_handle, 0);
    CHECK_EQ(at->registers.rsi, 4);
    CHECK_EQ(a->space.runners, 1);
    end();
}

// Its lender runs on, and must not go on using what it lends.
TEST(a_begun_loan_leaves_translations_at_once) {
    begin();
    parcel_t loan = loan_prepare();
    handle_t port_handle, call = begun_with_port(&port_handle);
    program_begin(at, call, a_call, 1, loan, 0);
    CHECK_EQ(a->space.runners, 2);
    uint64_t generation = a->space.generation;
    program_receive(bt, b_port, 0);
    CHECK(!page_is_home(PAGE));
    CHECK(a->space.generation != generation);
    end();
}

// A call object is closed, and gone but for the server's hand, when its loan comes home.
TEST(a_loan_of_a_closed_call_object_comes_home) {
    begin();
    parcel_t loan = loan_prepare();
    handle_t port_handle, call = begun_with_port(&port_handle);
    program_receive(bt, b_port, 0);
    program_begin(at, call, a_call, 1, loan, 0);
    program_cancel(at, call);
    program_receive(at, port_handle, 0);
    CHECK_EQ(handle_close(a, call), OK);
    kernel_settle();
    CHECK(!page_is_home(PAGE));
    program_reply(bt, HANDLE_NONE, 4);
    CHECK_EQ(program_status(bt), ERR_CANCELLED);
    CHECK(page_is_home(PAGE));
    end();
}

TEST(a_begun_loan_comes_home_from_a_dead_server) {
    begin();
    parcel_t loan = loan_prepare();
    handle_t port_handle, call = begun_with_port(&port_handle);
    program_receive(bt, b_port, 0);
    program_begin(at, call, a_call, 1, loan, 0);
    process_end(b, END_KILLED, 0, 0, 0);
    program_receive(at, port_handle, 0);
    kernel_settle();
    program_run(at);
    CHECK_EQ(at->registers.rsi, (uint16_t)ERR_PEER_DIED);
    CHECK(page_is_home(PAGE));
    end();
}
