// Faults on simulated harts: B is the pager of D, a process of two threads. Included once, by the
// test.
#pragma once

#include "interrupt/exception.h"
#include "three.h"

static constexpr uaddr_t PLACE = 0x1000'0000, OTHER = 0x3000'0000, PAGE = 0x2000'0000;
static constexpr uint64_t BADGE = 77, ERROR_WRITE = 6; // a program writes where nothing is
static constexpr parcel_t GIVE_PAGE = PAGE | (parcel_t)PARCEL_GIVE << PARCEL_MODE_SHIFT |
                                      PARCEL_WRITABLE;

static struct process *d;
static struct thread *dt, *du;
static parcel_t unseen; // what B says of pages for marks

static struct port *pager_port(void) { return (struct port *)handle_entry(b, b_port)->object; }

static parcel_t slots(uaddr_t address, unsigned count) {
    return parcel_make(address, 1, count, PARCEL_NONE, PARCEL_WRITABLE);
}

static void d_thread(struct thread **thread) {
    CHECK_EQ(thread_create(d, 0x40'0000, 0x80'0000, 0, thread), OK);
    (*thread)->hart = harts[0];
    CHECK_EQ(thread_start(*thread), OK);
    object_release(&(*thread)->object);
}

static void start(void) {
    static const char name[16] = "touches";
    begin();
    CHECK_EQ(process_create(&kernel_process, 600, name, &d), OK);
    CHECK_EQ(process_pager_set(d, b, pager_port(), BADGE, unseen), OK);
    d_thread(&dt);
    d_thread(&du);
    kernel_settle();
}

static void finish(void) {
    program_end(d);
    end();
}

static void page_make(void) {
    CHECK_EQ(memory_create(&b->space, slots(PAGE, 1), MEMORY_PAGES), OK);
}

// Registers of an interrupted program: none may change.
static struct registers program_state(uint64_t seed) {
    struct registers r;
    uint64_t *word = (uint64_t *)&r;
    for (unsigned i = 0; i < sizeof(r) / sizeof(*word); i++)
        word[i] = seed * 1000 + i;
    return r;
}

static bool state_kept(const struct thread *thread, uint64_t seed) {
    struct registers r = program_state(seed);
    return thread->full == 1 && __builtin_memcmp(&thread->registers, &r, sizeof(r)) == 0;
}

static void fault(struct thread *thread) {
    exception_of_program(thread, VECTOR_PAGE_FAULT, ERROR_WRITE);
}

static void touch(struct thread *thread, uaddr_t address) {
    program_run(thread);
    thread->registers = program_state(thread == dt);
    thread->full = 1;
    host_fault_address = address;
    if (!page_fault_resolve(ERROR_WRITE))
        kernel_enter(fault, thread);
}

// Every thread has its turn on the hart, so that those of D that were ended find out.
static void all_run(void) {
    for (unsigned turn = 0; turn < 8; turn++) {
        if (machine_hart->current != nullptr)
            hart_requeue(machine_hart);
        (void)kernel_run();
    }
    kernel_settle();
}
