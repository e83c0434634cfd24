// How a pager gets at the processes whose pages it takes, and what finds no frame.
//
// sources: tests/host/harts/kernel.c kernel/message/begin.c kernel/message/call.c
// sources: kernel/message/reply.c
// sources: kernel/message/receive.c kernel/message/touch.c kernel/interrupt/exception.c
// sources: kernel/message/port.c kernel/message/handle.c kernel/message/object.c
// sources: kernel/message/handle_batch.c
// sources: kernel/message/system_object.c kernel/hart/system_process.c
// sources: kernel/memory/system_memory.c
// sources: kernel/hart/process_end.c
// sources: kernel/hart/process.c kernel/hart/thread.c kernel/hart/schedule.c kernel/hart/time.c
// sources: kernel/hart/quiet.c kernel/hart/task.c kernel/memory/heap.c kernel/memory/space.c
// sources: kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c kernel/memory/free.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/fault_fast.c kernel/memory/query.c
// sources: kernel/memory/fork.c kernel/memory/move.c kernel/memory/protect.c kernel/memory/evict.c
// sources: kernel/memory/tlb.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/debug/canary.c kernel/memory/account.c
// sources: kernel/sync/spinlock.c tests/host/harts/memory.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "message/system_call.h"
#include "three.h"

#include "hal/vector.h"
#include "interrupt/exception.h"

static constexpr uaddr_t PLACE = 0x1000'0000, OWN = 0x2000'0000;

static struct process *d; // B is its pager
static struct thread *dt;
static uint64_t result;

static struct port *port_at(struct process *process, handle_t handle) {
    return (struct port *)handle_entry(process, handle)->object;
}

static void start(void) {
    static const char name[16] = "paged";
    begin();
    CHECK_EQ(process_create(&kernel_process, 600, name, &d), OK);
    CHECK_EQ(process_pager_set(d, b, port_at(b, b_port), 0, 0), OK);
    CHECK_EQ(thread_create(d, 0x40'0000, 0x80'0000, 0, &dt), OK);
    dt->hart = harts[0];
    CHECK_EQ(thread_start(dt), OK);
    object_release(&dt->object);
    kernel_settle();
}

static void finish(void) {
    program_end(d);
    end();
}

TEST(a_pager_opens_its_processes_by_number) {
    start();
    uint32_t references = d->object.references;
    CHECK_EQ(system_process_paged(bt, port_at(b, b_port), d->number, &result), OK);
    handle_t handle = (handle_t)result;
    CHECK_EQ(d->object.references, references + 1);
    uint64_t type, number;
    CHECK_EQ(system_handle_query(bt, handle, &type, &number), OK);
    CHECK_EQ(type, OBJECT_PROCESS | (RIGHT_CONTROL | RIGHT_END) << 8);
    CHECK_EQ(number, d->number);
    CHECK_EQ(system_handle_close(bt, handle), OK);
    CHECK_EQ(d->object.references, references);
    finish();
}

TEST(nobody_else_does) {
    start();
    CHECK_EQ(system_process_paged(ct, port_at(c, c_port), d->number, &result), ERR_NOT_ALLOWED);
    CHECK_EQ(system_process_paged(bt, port_at(b, b_port), a->number, &result), ERR_NOT_ALLOWED);
    CHECK_EQ(system_process_paged(bt, port_at(b, b_port), 1u << 30, &result), ERR_ENDED);
    finish();
}

TEST(pages_go_to_the_pager_alone) {
    uint64_t next, taken;
    start();
    CHECK_EQ(memory_create(&d->space, parcel_make(PLACE, 1, 1, PARCEL_NONE, 0), MEMORY_PAGES), OK);
    CHECK_EQ(system_memory_evict(at, d, PLACE, 1, OWN, &next, &taken), ERR_NOT_ALLOWED);
    CHECK_EQ(system_memory_evict(bt, b, PLACE, 1, OWN, &next, &taken), ERR_NOT_ALLOWED); // has none
    CHECK_EQ(system_memory_evict(bt, d, PLACE, 1, OWN, &next, &taken), OK);
    CHECK(taken == PLACE && next == PLACE + PAGE_SIZE);
    finish();
}

// The first use of vector registers needs a frame for them.
TEST(vector_registers_wait_for_a_frame) {
    start();
    uint64_t limit = d->account.limit;
    void *blocks[64];
    unsigned count = 0;
    d->account.limit = d->account.used; // its heap has no room left
    while (count < 64 && heap_allocate(&d->heap, HEAP_LARGEST, &blocks[count]) == OK)
        count++;
    d->account.limit = limit;
    program_run(dt);
    frames_fail_at(1);
    exception_of_program(dt, VECTOR_NO_VECTORS, 0);
    frames_fail_at(0);
    CHECK(machine_hart->current != dt);
    program_receive(bt, b_port, 0);
    CHECK_EQ(bt->registers.rax, KIND_FAULT << RESULT_KIND_SHIFT);
    CHECK_EQ(bt->registers.r12, TOUCH_NO_FRAME);
    program_reply(bt, HANDLE_NONE, 0);
    program_run(dt);
    exception_of_program(dt, VECTOR_NO_VECTORS, 0);
    CHECK(machine_hart->current == dt && dt->vectors != nullptr);
    while (count != 0)
        heap_free(blocks[--count]);
    finish();
}
