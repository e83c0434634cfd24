// The operations that can be refused, and what they need. Included once, by the test.
#pragma once

#include "refused_world.h"

static constexpr uint64_t W = PARCEL_WRITABLE;
static uint64_t result;

static status_t touch(uaddr_t address, uint8_t access) {
    uint64_t cookie;
    enum fault_outcome outcome = space_fault(&a->space, address, access, &cookie);
    CHECK(outcome == FAULT_RESOLVED || outcome == FAULT_NO_FRAME);
    return outcome == FAULT_RESOLVED ? OK : ERR_NO_FRAME;
}

static status_t move(uaddr_t from, unsigned level, enum parcel_mode mode) {
    return system_parcel_move(at, b, parcel_make(from, level, 1, mode, W), NEW);
}

static status_t pass(uaddr_t from, unsigned level, enum parcel_mode mode) {
    static const struct acceptance anything = {.charge = 1000, .flags = ACCEPT_HOLES};
    parcel_t landed;
    uint64_t charge;
    status_t status = parcel_pass(&a->space, parcel_make(from, level, 1, mode, 0), false, &b->space,
                                  &anything, &landed, &charge);
    tlb_wait();
    return status;
}

// A calls B, which waits, with a message of whatever kind; the call's error.
static status_t call_b(parcel_t parcel, handle_t handle) {
    if (bt->port == nullptr)
        program_receive(bt, b_port, 0);
    bt->acceptance = (struct acceptance){.charge = 1000, .handles = 4, .flags = ACCEPT_HOLES};
    program_run(at);
    at->registers = (struct registers){.rdi = a_call, .rdx = parcel, .r8 = handle,
                                       .rsi = (uint64_t)RIGHTS_ALL << TAG_RIGHTS_SHIFT,
                                       .rip = at->registers.rip, .rsp = at->registers.rsp};
    message_call(at);
    kernel_settle();
    return at->call.word % 256 == CALL_TAKEN ? OK : program_status(at);
}

static status_t create_1(void) { return system_memory_create(at, 0, slots(NEW, 1, 1, W), 0); }
static status_t create_many(void) { return system_memory_create(at, 0, slots(NEW, 1, 256, W), 0); }
static status_t create_zero_1(void) { return system_memory_create(at, 0, slots(NEW, 1, 3, W), 1); }
static status_t create_zero_2(void) { return system_memory_create(at, 0, slots(NEW, 2, 3, W), 1); }
static status_t create_zero_3(void) { return system_memory_create(at, 0, slots(NEW, 3, 3, W), 1); }
static status_t create_pages_2(void) { return system_memory_create(at, 0, slots(NEW, 2, 1, W), 0); }
static status_t create_cookies(void) {
    return system_memory_create(at, fresh_process, slots(NEW, 1, 3, W),
                                MEMORY_PAGER | 7 << MEMORY_COOKIE_SHIFT);
}
static status_t create_other(void) {
    return system_memory_create(at, b_process, slots(NEW, 1, 2, W), 0);
}
static status_t create_below_shared(void) {
    return system_memory_create(at, 0, slots(HOLED + 9 * PAGE_SIZE, 1, 1, W), 0);
}
static status_t fill(void) {
    return system_memory_create(at, 0, slots(LARGE, 3, 1, W), MEMORY_FILL | 9 << 2);
}
static status_t clone_1(void) { return system_memory_clone(at, slots(PAGES, 1, 4, 0), NEW); }
static status_t clone_2(void) { return system_memory_clone(at, slots(COPY, 2, 2, 0), NEW); }
static status_t clone_3(void) { return system_memory_clone(at, slots(COPY, 3, 1, 0), NEW); }
static status_t clone_below(void) {
    return system_memory_clone(at, slots(COPY + 5 * GIGABYTE / 8, 1, 4, 0), NEW);
}
static status_t fork_all(void) { return system_fork(at, fresh); }
static status_t give_1(void) { return move(PAGES, 1, PARCEL_GIVE); }
static status_t give_2(void) { return move(COPY, 2, PARCEL_GIVE); }
static status_t give_3(void) { return move(COPY, 3, PARCEL_GIVE); }
static status_t give_clone_1(void) { return move(COPY, 1, PARCEL_CLONE); }
static status_t give_clone_3(void) { return move(LARGE, 3, PARCEL_CLONE); }
static status_t prepare_1(void) { return system_slot_prepare(at, slots(NEW, 1, 8, 0), 2); }
static status_t prepare_2(void) { return system_slot_prepare(at, slots(NEW, 2, 8, 0), 8); }
static status_t prepare_3(void) { return system_slot_prepare(at, slots(NEW, 3, 1, 0), 1); }
static status_t protect_shared(void) { return system_memory_protect(at, slots(COPY, 1, 2, 0)); }
static status_t protect_zero(void) {
    return system_memory_protect(at, slots(COPY + 5 * GIGABYTE / 8, 1, 1, 0));
}
static status_t free_shared(void) { return system_memory_free(at, slots(COPY, 1, 2, 0)); }
static status_t free_zero(void) {
    return system_memory_free(at, slots(LARGE + 5 * GIGABYTE / 8, 1, 1, 0));
}
static status_t touch_zero(void) { return touch(LARGE + GIGABYTE / 2, ACCESS_WRITE); }
static status_t read_zero(void) { return touch(COPY + GIGABYTE / 2, 0); }
static status_t break_page(void) { return touch(COPY, ACCESS_WRITE); }
static status_t break_zero_page(void) { return touch(LARGE + PAGE_SIZE, ACCESS_WRITE); }
static status_t mark_shared(void) {
    parcel_t parcel = parcel_make(COPY, 1, 1, PARCEL_LEND, 0);
    status_t status = parcel_mark(&a->space, parcel);
    if (status == OK)
        parcel_unmark(&a->space, parcel);
    return status;
}
static status_t evict(void) {
    uint64_t next;
    result = 0;
    status_t status = memory_evict(&b->space, PAGES, 5, &a->space, NEW, &next, &result);
    CHECK_EQ(result, status == OK ? PAGES : 0);
    return status;
}
static status_t pass_give(void) { return pass(COPY, 1, PARCEL_GIVE); }
static status_t pass_clone(void) { return pass(LARGE + GIGABYTE / 2, 1, PARCEL_CLONE); }
static status_t call_lend(void) { return call_b(parcel_make(COPY, 1, 1, PARCEL_LEND, 0), 0); }
static status_t call_give(void) { return call_b(parcel_make(PAGES, 1, 1, PARCEL_GIVE, 0), 0); }
static status_t call_with_handle(void) { return call_b(0, derived); }

// No block is no frame.
static status_t create_large(void) {
    status_t status = system_memory_create(at, 0, slots(NEW, 2, 2, W), MEMORY_LARGE);
    return status == ERR_NO_RUN ? ERR_NO_FRAME : status;
}
static status_t split_large(void) { return system_memory_split(at, slots(BLOCK, 2, 1, 0)); }
static status_t split_zero(void) {
    return system_memory_split(at, slots(COPY + 5 * GIGABYTE / 8, 2, 1, 0));
}
static status_t join_pages(void) { return system_memory_join(at, slots(SPLIT, 2, 1, 0)); }
static status_t clone_large(void) { return system_memory_clone(at, slots(BLOCK, 2, 1, 0), NEW); }
static status_t clone_in_large(void) { return system_memory_clone(at, slots(BLOCK, 1, 4, 0), NEW); }
static status_t write_large(void) { return touch(BLOCK + GIGABYTE, ACCESS_WRITE); }
static status_t free_in_large(void) { return system_memory_free(at, slots(BLOCK, 1, 2, 0)); }
static status_t pass_large(void) { return pass(BLOCK, 2, PARCEL_GIVE); }
static status_t pass_clone_large(void) { return pass(BLOCK, 2, PARCEL_CLONE); }
static status_t lend_in_large(void) { return call_b(parcel_make(BLOCK, 1, 1, PARCEL_LEND, 0), 0); }
static status_t give_large(void) { return move(BLOCK, 2, PARCEL_GIVE); }

static status_t port_new(void) { return system_port_create(at, 0, &result); }
static status_t port_handle(void) {
    return system_port_derive(at, program_object(at, own_port), 2, RIGHTS_ALL, &result);
}
static status_t notification_new(void) {
    return system_notification_create(at, program_object(at, own_port), 0, &result);
}
static status_t call_new(void) {
    return system_call_create(at, program_object(at, own_port), 0, &result);
}
static status_t duplicate(void) { return system_handle_duplicate(at, derived, 0xff, &result); }
static status_t process_new(void) { return system_process_create(at, 64, 'n', 0, &result); }
static status_t thread_own(void) {
    return system_thread_create(at, a, 0x40'0000, 0x80'0000, 0, &result);
}
static status_t grant(void) {
    return system_process_grant(at, b, derived, 0xff, 0, &result);
}
static status_t paged(void) {
    return system_process_paged(at, program_object(at, own_port), fresh->number, &result);
}
static status_t watch(void) { return system_process_watch(at, b_process, 0, own_port, 0); }
static void page_fresh(void) {
    struct port *port = (struct port *)handle_entry(a, own_port)->object;
    CHECK_EQ(process_pager_set(fresh, a, port, 0, 0), OK);
}
// A has a fault of `fresh` in its hand, where nothing is, or a cookie.
static void touch_empty(void) {
    struct thread *thread;
    page_fresh();
    CHECK_EQ(thread_create(fresh, 0x40'0000, 0x80'0000, 0, &thread), OK);
    thread->hart = harts[0];
    CHECK_EQ(thread_start(thread), OK);
    object_release(&thread->object);
    program_run(thread);
    host_fault_address = NEW;
    CHECK(!page_fault_resolve(0));
    exception_of_program(thread, VECTOR_PAGE_FAULT, 0);
    program_receive(at, own_port, 0);
}
static void touch_cookie(void) {
    CHECK_EQ(memory_create(&fresh->space, slots(NEW, 1, 1, W), MEMORY_PAGER), OK);
    touch_empty();
}
static status_t answer(enum parcel_mode mode) {
    program_run(at);
    at->registers = (struct registers){.rdx = parcel_make(COPY, 1, 1, mode, W),
                                       .rip = at->registers.rip, .rsp = at->registers.rsp};
    message_reply(at);
    return program_status(at);
}
static status_t answer_give(void) { return answer(PARCEL_GIVE); }
static status_t answer_clone(void) { return answer(PARCEL_CLONE); }
static status_t keep(void) {
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, 0);
    handle_t reply = program_keep(bt);
    status_t status = program_status(bt);
    program_reply(bt, status == OK ? reply : HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), OK);
    program_run(at);
    return status;
}

enum what_changes : uint8_t {
    BREAKS = 1 << 0, // tables of its own may come although it is refused
    FILLS = 1 << 1,  // what could be filled stays
};

// Who gets a full heap, and whose next handle needs a larger table; who pays.
enum who : uint8_t { NOBODY, A, B, FRESH };

static const struct operation {
    const char *name;
    status_t (*run)(void);
    unsigned frames;  // at how many allocations it fails
    unsigned charges; // with how many limits, at least
    enum who heap, table, payer;
    uint8_t changes;
    void (*prepare)(void);
} operations[] = {
    {"create a page", create_1, 4, 4, NOBODY, NOBODY, A, 0, nullptr},
    {"create 256 pages", create_many, 153, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create ZERO, level 1", create_zero_1, 3, 6, NOBODY, NOBODY, A, 0, nullptr},
    {"create ZERO, level 2", create_zero_2, 2, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create ZERO, level 3", create_zero_3, 1, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create pages, level 2", create_pages_2, 2, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create cookies", create_cookies, 3, 6, NOBODY, NOBODY, FRESH, 0, page_fresh},
    {"answer a fault", answer_give, 5, 4, NOBODY, NOBODY, FRESH, BREAKS, touch_empty},
    {"answer a fault with a clone", answer_clone, 5, 4, NOBODY, NOBODY, FRESH, BREAKS, touch_empty},
    {"answer with a cookie's page", answer_give, 2, 0, NOBODY, NOBODY, FRESH, BREAKS, touch_cookie},
    {"create in another process", create_other, 5, 5, NOBODY, NOBODY, B, 0, nullptr},
    {"create below a shared way", create_below_shared, 2, 1, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"fill", fill, 66, 0, NOBODY, NOBODY, A, BREAKS | FILLS, nullptr},
    {"clone pages", clone_1, 3, 7, NOBODY, NOBODY, A, 0, nullptr},
    {"clone tables below a shared way", clone_2, 3, 20, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"clone 1 GiB", clone_3, 1, 20, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"clone pages of a ZERO", clone_below, 5, 7, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"fork", fork_all, 3, 0, NOBODY, NOBODY, NOBODY, 0, nullptr},
    {"give a page", give_1, 3, 4, NOBODY, NOBODY, B, 0, nullptr},
    {"give a table below a shared way", give_2, 3, 20, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"give 1 GiB", give_3, 1, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"give a clone below a shared way", give_clone_1, 5, 4, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"give a clone of 1 GiB", give_clone_3, 1, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"prepare slots of pages", prepare_1, 3, 3, NOBODY, NOBODY, A, 0, nullptr},
    {"prepare slots of level 2", prepare_2, 2, 2, NOBODY, NOBODY, A, 0, nullptr},
    {"prepare slots of level 3", prepare_3, 1, 1, NOBODY, NOBODY, A, 0, nullptr},
    {"protect below a shared way", protect_shared, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"protect below a ZERO", protect_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"free below a shared way", free_shared, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"free below a ZERO", free_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"first touch", touch_zero, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"first touch, reading", read_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"write to a shared page", break_page, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"write to a page of zeros", break_zero_page, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"create large pages", create_large, 4, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"split a large page", split_large, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"split a ZERO below a shared way", split_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"join pages", join_pages, 0, 0, NOBODY, NOBODY, A, 0, nullptr},
    {"clone a large page", clone_large, 2, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"clone part of a large page", clone_in_large, 5, 7, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"write to a shared large page", write_large, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"free part of a large page", free_in_large, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"pass a large page", pass_large, 0, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"pass a clone of a large page", pass_clone_large, 0, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"lend part of a large page", lend_in_large, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"give a large page", give_large, 2, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"mark for a message", mark_shared, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"evict", evict, 3, 4, NOBODY, NOBODY, A, 0, nullptr},
    {"pass a gift", pass_give, 2, 1, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"pass a clone", pass_clone, 2, 1, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"lend in a call", call_lend, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"give in a call", call_give, 0, 1, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"a handle in a call", call_with_handle, 2, 3, B, B, B, 0, nullptr},
    {"new port", port_new, 1, 1, A, NOBODY, A, 0, nullptr},
    {"new port, table full", port_new, 3, 4, A, A, A, 0, nullptr},
    {"derive", port_handle, 2, 3, A, A, A, 0, nullptr},
    {"new notification", notification_new, 3, 4, A, A, A, 0, nullptr},
    {"new call", call_new, 3, 4, A, A, A, 0, nullptr},
    {"duplicate", duplicate, 2, 3, A, A, A, 0, nullptr},
    {"new process", process_new, 5, 64, A, A, A, 0, nullptr},
    {"new thread", thread_own, 1, 1, A, NOBODY, A, 0, nullptr},
    {"new thread, table full", thread_own, 3, 4, A, A, A, 0, nullptr},
    {"grant", grant, 2, 3, B, B, B, 0, nullptr},
    {"a process by its number", paged, 2, 3, A, A, A, 0, page_fresh},
    {"watch", watch, 1, 1, A, NOBODY, A, 0, nullptr},
    {"keep a request", keep, 3, 4, B, B, B, 0, nullptr},
};
static constexpr unsigned OPERATIONS = sizeof operations / sizeof *operations;

static struct process *who(enum who whom) {
    return whom == A ? a : whom == B ? b : whom == FRESH ? fresh : nullptr;
}
