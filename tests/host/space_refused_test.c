// Address spaces on one's own: every error, every limit, every allocation that can fail.
//
// sources: kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c
// sources: kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c kernel/memory/parcel.c
// sources: kernel/memory/pass.c kernel/memory/landing.c kernel/memory/fault.c kernel/memory/fork.c
// sources: kernel/memory/query.c kernel/debug/check_memory.c kernel/memory/tlb.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/sync/spinlock.c
// sources: tests/host/hal/machine.c tests/host/hal/spaces.c
// sources: kernel/memory/large.c kernel/memory/split.c kernel/debug/peek.c
// defines: BATON_DEBUG=1
#include "debug/peek.h"
#include "space_own.h"

static status_t operation(unsigned which) {
    switch (which) {
    case 0:
        return memory_create(&a.space, pages(PLACE, 5, PARCEL_WRITABLE), MEMORY_PAGES);
    case 1:
        return memory_create(&a.space, pages(PLACE, 5, PARCEL_WRITABLE), MEMORY_ZERO);
    case 2:
        return memory_create(&a.space, large(LARGE, 2, PARCEL_WRITABLE), MEMORY_PAGES);
    case 3:
        return memory_create(&a.space, large(LARGE, 2, PARCEL_WRITABLE), MEMORY_ZERO);
    case 4:
        return slot_prepare(&a.space, pages(PLACE, 8, 0), 4);
    case 5:
        return memory_clone(&a.space, pages(0x80000000, 2, 0), PLACE);
    case 6:
        return parcel_move(&a.space, parcel_make(0x80000000, 1, 2, PARCEL_GIVE, 0), &a.space,
                           PLACE);
    case 7:
        return parcel_move(&a.space, parcel_make(0x80000000, 1, 2, PARCEL_CLONE, 0), &a.space,
                           PLACE);
    default:
        return space_link_pages(&a.space, frame_of(MACHINE_MODULE) + which % 8 * 2,
                                pages(PLACE, 2, 0));
    }
}

static constexpr unsigned OPERATIONS = 9;

TEST(a_failed_allocation_changes_nothing) {
    machine_start(64, 1);
    for (unsigned which = 0; which < OPERATIONS; which++) {
        begin();
        CHECK_EQ(memory_create(&a.space, pages(0x80000000, 2, PARCEL_WRITABLE), MEMORY_PAGES), OK);
        uint64_t before = used(), frames = machine_free();
        status_t status = ERR_NO_FRAME;
        for (unsigned n = 1; status != OK; n++) {
            frames_fail_at(n);
            status = operation(which);
            frames_fail_at(0);
            if (status == OK)
                break;
            CHECK_EQ(status, ERR_NO_FRAME);
            CHECK_EQ(used(), before);
            CHECK_EQ(machine_free(), frames);
            if (n < 8 || n % 64 == 0)
                check();
        }
        check();
        end();
    }
}

TEST(every_limit_is_kept) {
    for (unsigned which = 0; which < OPERATIONS; which++) {
        begin();
        CHECK_EQ(memory_create(&a.space, pages(0x80000000, 2, PARCEL_WRITABLE), MEMORY_PAGES), OK);
        uint64_t before = used(), frames = machine_free();
        status_t status = ERR_NO_MEMORY;
        for (uint64_t limit = before; status != OK; limit++) {
            a.account.limit = limit;
            status = operation(which + (which == OPERATIONS - 1)); // other frames of the module
            if (status == OK)
                break;
            CHECK_EQ(status, ERR_NO_MEMORY);
            CHECK_EQ(used(), before);
            CHECK_EQ(machine_free(), frames);
        }
        CHECK(which == 6 || used() == a.account.limit);
        check();
        end();
    }
}

TEST(a_touch_without_a_frame_can_be_repeated) {
    begin();
    uint64_t cookie;
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    frames_fail_at(1);
    CHECK_EQ(space_fault(&a.space, PLACE, ACCESS_WRITE, &cookie), FAULT_NO_FRAME);
    CHECK_EQ(space_fault(&a.space, PLACE, ACCESS_WRITE, &cookie), FAULT_RESOLVED);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, 0), PLACE + PAGE_SIZE), OK);
    frames_fail_at(1);
    CHECK_EQ(space_fault(&a.space, PLACE, ACCESS_WRITE, &cookie), FAULT_NO_FRAME);
    CHECK_EQ(space_fault(&a.space, PLACE, ACCESS_WRITE, &cookie), FAULT_RESOLVED);
    check();
    end();
}

TEST(faults_say_what_is_wrong) {
    begin();
    uint64_t cookie;
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, 0), MEMORY_ZERO), OK);
    CHECK_EQ(memory_create(&a.space, large(LARGE, 1, 0), MEMORY_ZERO), OK);
    CHECK_EQ(space_fault(&a.space, PLACE, ACCESS_WRITE, &cookie), FAULT_PROTECTION);
    CHECK_EQ(space_fault(&a.space, PLACE, ACCESS_EXECUTE, &cookie), FAULT_PROTECTION);
    CHECK_EQ(space_fault(&a.space, LARGE, ACCESS_WRITE, &cookie), FAULT_PROTECTION);
    CHECK_EQ(space_fault(&a.space, PLACE + PAGE_SIZE, 0, &cookie), FAULT_EMPTY);
    CHECK_EQ(space_fault(&a.space, 0, 0, &cookie), FAULT_EMPTY);
    CHECK_EQ(space_fault(&a.space, LAYOUT_LIMIT, 0, &cookie), FAULT_EMPTY);
    CHECK_EQ(space_fault(&a.space, ~0ull, 0, &cookie), FAULT_EMPTY);
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &cookie), FAULT_RESOLVED);
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &cookie), FAULT_RESOLVED);
    end();
}

TEST(the_kernel_looks_without_touching) {
    begin();
    uint64_t value = 3;
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK(!space_peek(&a.space, PLACE, &value));
    CHECK(!space_peek(&a.space, LAYOUT_LIMIT, &value));
    CHECK(space_write(&a.space, PLACE, 9));
    CHECK(space_peek(&a.space, PLACE, &value) && value == 9);
    CHECK(!space_peek(&a.space, PLACE + 1, &value));
    spinlock_acquire(&a.space.lock);
    CHECK(space_page_locked(&a.space, PLACE + PAGE_SIZE, false) == nullptr);
    CHECK(space_page_locked(&a.space, LAYOUT_LIMIT, false) == nullptr);
    uint64_t *page = space_page_locked(&a.space, PLACE, true);
    CHECK(page != nullptr && *page == 9);
    spinlock_release(&a.space.lock);
    end();
}

// --- modules, and the check itself ---------------------------------------------------------------

TEST(module_frames_become_pages) {
    begin();
    struct frame *first = frame_of(MACHINE_MODULE) + 8;
    ((uint64_t *)frame_contents(first))[0] = 77;
    CHECK_EQ(space_link_pages(&a.space, first, pages(PLACE, 4, 0)), OK);
    uint64_t value;
    CHECK(space_read(&a.space, PLACE, &value) && value == 77);
    CHECK_EQ(first->state, FRAME_PAGE);
    CHECK_EQ(space_link_pages(&a.space, first + 4, large(LARGE, 1, 0)), ERR_BAD_SLOT);
    check();
    end();
}

TEST(the_check_finds_what_is_wrong) {
    begin();
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 2, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    struct frame *root = frame_number(a.space.root >> PAGE_BITS);
    uint32_t *const fields[] = {&root->charge, &root->away, &root->holes, &root->pinned};
    for (unsigned i = 0; i < 4; i++) {
        ++*fields[i];
        CHECK(*spaces_wrong((struct test_space *[]){&a}, 1) != 0);
        --*fields[i];
    }
    root->present++;
    CHECK(*spaces_wrong((struct test_space *[]){&a}, 1) != 0);
    root->present--;
    a.account.used++;
    CHECK(*spaces_wrong((struct test_space *[]){&a}, 1) != 0);
    a.account.used--;
    frame_reference(root);
    CHECK(*spaces_wrong((struct test_space *[]){&a}, 1) != 0);
    root->references--;
    check();
    end();
}
