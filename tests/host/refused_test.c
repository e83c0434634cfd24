// Every allocation of every system call on memory, processes, ports and handles failed in turn, and
// every limit lowered to each number of frames that does not suffice: what is refused has changed
// nothing, by a comparison of all that there is before and after, and succeeds in the end.
//
// sources: kernel/message/begin.c
// sources: tests/host/harts/kernel.c kernel/message/call.c kernel/message/reply.c
// sources: kernel/message/receive.c
// sources: kernel/message/port.c kernel/message/handle.c kernel/message/object.c
// sources: kernel/message/handle_batch.c
// sources: kernel/message/touch.c kernel/interrupt/exception.c kernel/memory/fault_fast.c
// sources: kernel/message/system_object.c kernel/hart/system_process.c
// sources: kernel/hart/process_end.c
// sources: kernel/hart/process.c kernel/hart/thread.c kernel/hart/schedule.c kernel/hart/time.c
// sources: kernel/hart/quiet.c kernel/hart/task.c kernel/memory/heap.c kernel/memory/space.c
// sources: kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c kernel/memory/free.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/query.c kernel/memory/fork.c kernel/memory/move.c
// sources: kernel/memory/evict.c
// sources: kernel/memory/protect.c kernel/memory/system_memory.c kernel/debug/check_memory.c
// sources: kernel/memory/tlb.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/debug/canary.c kernel/memory/account.c
// sources: kernel/sync/spinlock.c tests/host/harts/memory.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "refused_operations.h"

static void operation_begin(const struct operation *operation) {
    all_begin();
    if (operation->prepare != nullptr)
        operation->prepare();
    if (operation->table != NOBODY)
        handles_fill(who(operation->table));
    if (operation->heap != NOBODY)
        heap_fill(who(operation->heap));
    kernel_settle();
}

// Whatever a refused operation left behind is over: compares all with what was before.
static bool unchanged(const struct operation *operation, const struct snapshot *before) {
    kernel_settle();
    struct snapshot now = snapshot_take();
    if (operation->changes & BREAKS) {
        bool more = now.tables >= before->tables && now.tables <= before->tables + 3;
        now.tables = more ? before->tables : now.tables;
    }
    if ((operation->changes & FILLS) && now.pages >= before->pages) {
        now.pages = before->pages;
        now.process[0].contents = before->process[0].contents;
    }
    check_all();
    return memcmp(&now, before, sizeof now) == 0;
}

static void operation_fail(const struct operation *operation, const char *what, status_t is) {
    printf("%s: %s (%d)\n", operation->name, what, is);
    CHECK(!"a refused operation has changed nothing");
}

// Fails one allocation, from the beginning; after that nothing stands in the way.
static status_t allocation_fail(const struct operation *operation, unsigned allocation) {
    operation_begin(operation);
    struct snapshot before = snapshot_take();
    frames_fail_at(allocation);
    status_t status = operation->run();
    frames_fail_at(0);
    if (status == ERR_NO_FRAME) {
        if (!unchanged(operation, &before))
            operation_fail(operation, "something has changed after allocation", (int)allocation);
        status_t again = operation->run();
        if (again != OK)
            operation_fail(operation, "ended at the second try with", again);
    }
    kernel_settle();
    check_all();
    all_end();
    return status;
}

TEST(a_failed_allocation_changes_nothing) {
    for (const struct operation *o = operations; o < operations + OPERATIONS; o++) {
        unsigned failed = 0;
        status_t status;
        while ((status = allocation_fail(o, failed + 1)) == ERR_NO_FRAME)
            failed++;
        if (status != OK)
            operation_fail(o, "ended with", status);
        if (failed != o->frames)
            operation_fail(o, "failed at so many allocations", (int)failed);
    }
}

TEST(cookies_are_made_by_the_pager_alone) {
    all_begin();
    CHECK_EQ(create_cookies(), ERR_NOT_ALLOWED); // it has none
    CHECK_EQ(paged(), ERR_NOT_ALLOWED);
    page_fresh();
    CHECK_EQ(system_memory_create(at, 0, slots(NEW, 1, 3, W), MEMORY_PAGER), ERR_NOT_ALLOWED);
    CHECK_EQ(create_cookies(), OK);
    struct port *port = program_object(at, own_port);
    CHECK_EQ(system_process_paged(at, port, b->number, &result), ERR_NOT_ALLOWED);
    CHECK_EQ(system_process_paged(at, port, ~0u, &result), ERR_ENDED);
    all_end();
}

TEST(a_thread_that_comes_too_late_leaves_no_handle) {
    all_begin();
    uint32_t used = a->handles.used, live = a->live;
    process_end(a, END_KILLED, 0, 0, 0);
    CHECK_EQ(system_thread_create(at, a, 0x40'0000, 0x80'0000, 0, &result), ERR_ENDED);
    CHECK_EQ(a->handles.used, used);
    CHECK_EQ(a->live, live);
    all_end();
}

TEST(what_the_account_cannot_pay_changes_nothing) {
    for (const struct operation *o = operations; o < operations + OPERATIONS; o++) {
        if (o->charges == 0)
            continue;
        operation_begin(o);
        struct account *account = &who(o->payer)->account;
        status_t status = ERR_NO_MEMORY;
        uint64_t limit = account->limit, most = 0;
        unsigned failed = 0;
        for (uint64_t more = 0; more < 1ull << 21; more += more < 80 ? 1 : more / 3) {
            account->limit = account->used + more;
            struct snapshot before = snapshot_take();
            status = o->run();
            if (status != ERR_NO_MEMORY)
                break;
            failed++;
            most = more;
            if (!unchanged(o, &before))
                operation_fail(o, "something has changed with so many frames left", (int)more);
        }
        if (status != OK)
            operation_fail(o, "ended with", status);
        if (failed < o->charges)
            operation_fail(o, "refused so many limits alone, and", (int)failed);
        kernel_settle();
        CHECK(account->used <= account->limit && most < account->limit);
        check_all();
        account->limit = limit;
        all_end();
    }
}

TEST(a_fork_is_refused_by_the_childs_account) {
    all_begin();
    uint64_t charge = space_root(&a->space)->charge, used = fresh->account.used;
    for (uint64_t more = 0; more < charge - 1; more += 1 + more / 2) {
        fresh->account.limit = used + more;
        struct snapshot before = snapshot_take();
        CHECK_EQ(system_fork(at, fresh), ERR_NO_MEMORY);
        CHECK_EQ(fresh->account.used, used);
        kernel_settle();
        struct snapshot now = snapshot_take();
        CHECK(memcmp(&now, &before, sizeof now) == 0);
        check_all();
    }
    fresh->account.limit = used + charge - 1;
    CHECK_EQ(system_fork(at, fresh), OK);
    CHECK_EQ(fresh->account.used, fresh->account.limit);
    all_end();
}
