// Address spaces on one's own: creating, touching, freeing, protecting, cloning, preparing.
//
// sources: kernel/memory/space.c kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c
// sources: kernel/memory/free.c kernel/memory/protect.c kernel/memory/move.c kernel/memory/parcel.c
// sources: kernel/memory/pass.c kernel/memory/landing.c kernel/memory/fault.c kernel/memory/fork.c
// sources: kernel/memory/query.c kernel/debug/check_memory.c kernel/memory/tlb.c
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/debug/canary.c kernel/memory/account.c kernel/sync/spinlock.c
// sources: tests/host/hal/machine.c tests/host/hal/spaces.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "space_own.h"

TEST(a_space_begins_and_ends) {
    machine_start(64, 1);
    begin();
    CHECK_EQ(used(), 1);
    check();
    end();
    begin();
    end();
}

TEST(pages_with_a_pager_are_charged_and_freed) {
    static constexpr uint64_t LAST = (1ull << MEMORY_COOKIE_BITS) - 2;
    uint64_t kind = MEMORY_PAGER | LAST << MEMORY_COOKIE_SHIFT, cookie;
    begin();
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 3, 0), kind), ERR_BAD_ARGUMENT); // past the last
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, 0), ~0ull), ERR_BAD_ARGUMENT);
    CHECK_EQ(memory_create(&a.space, large(LARGE, 1, 0), MEMORY_PAGER), ERR_BAD_SLOT);
    CHECK_EQ(used(), 1);
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 2, PARCEL_WRITABLE), kind), OK);
    check();
    CHECK_EQ(used(), 1 + 3 + 2);
    CHECK_EQ(memory_create(&a.space, pages(PLACE + PAGE_SIZE, 1, 0), kind), ERR_OCCUPIED);
    CHECK_EQ(state(PLACE), SLOT_PAGER);
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &cookie), FAULT_PAGER);
    CHECK_EQ(cookie, LAST);
    CHECK_EQ(space_fault(&a.space, PLACE + PAGE_SIZE, ACCESS_WRITE, &cookie), FAULT_PAGER);
    CHECK_EQ(cookie, LAST + 1);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 2, 0)), OK);
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &cookie), FAULT_PAGER);
    CHECK_EQ(cookie, LAST);
    check();
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 1, 0)), OK);
    check();
    CHECK_EQ(used(), 1 + 3 + 1);
    CHECK_EQ(state(PLACE), SLOT_EMPTY);
    CHECK_EQ(memory_free(&a.space, large(PLACE, 1, 0)), ERR_AWAY);
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 2, 0)), OK);
    CHECK_EQ(memory_free(&a.space, large(PLACE, 1, 0)), OK); // its table
    check();
    CHECK_EQ(used(), 1 + 2);
    end();
}

TEST(a_space_needs_a_frame_and_a_charge) {
    struct account account = {.limit = 0};
    struct space space = {};
    CHECK_EQ(space_create(&space, &account), ERR_NO_MEMORY);
    account.limit = 1;
    frames_fail_at(1);
    CHECK_EQ(space_create(&space, &account), ERR_NO_FRAME);
    CHECK_EQ(account.used, 0);
}

TEST(pages_are_created_zeroed_and_charged_with_their_tables) {
    begin();
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 3, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    CHECK_EQ(used(), 1 + 3 + 3);
    uint64_t value = 1;
    for (unsigned i = 0; i < 3; i++) {
        CHECK(space_read(&a.space, PLACE + i * PAGE_SIZE, &value));
        CHECK_EQ(value, 0);
        CHECK(space_write(&a.space, PLACE + i * PAGE_SIZE, i + 1));
    }
    CHECK(space_read(&a.space, PLACE + PAGE_SIZE, &value));
    CHECK_EQ(value, 2);
    CHECK(!space_read(&a.space, PLACE + 3 * PAGE_SIZE, &value));
    CHECK_EQ(state(PLACE), SLOT_PAGE);
    CHECK_EQ(state(PLACE + 3 * PAGE_SIZE), SLOT_EMPTY);
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 2 * PAGE_SIZE, 2, 0), MEMORY_PAGES),
             ERR_OCCUPIED);
    check();
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 4, 0)), OK);
    CHECK_EQ(used(), 1 + 3);
    check();
    end();
}

TEST(descriptors_are_checked) {
    begin();
    const struct {
        parcel_t slots;
        status_t status;
    } cases[] = {
        {pages(0, 1, 0), ERR_BAD_SLOT},
        {pages(LAYOUT_LOWEST - PAGE_SIZE, 1, 0), ERR_BAD_SLOT},
        {pages(LAYOUT_LIMIT, 1, 0), ERR_BAD_SLOT},
        {pages(LAYOUT_LIMIT - PAGE_SIZE, 2, 0), ERR_BAD_SLOT},
        {pages(PLACE + 257 * PAGE_SIZE, 256, 0), ERR_BAD_SLOT},
        {pages(PLACE, 257, 0), ERR_BAD_ARGUMENT},
        {large(PLACE + PAGE_SIZE, 1, 0), ERR_BAD_SLOT},
        {large(0, 1, 0), ERR_BAD_SLOT},
        {large(LAYOUT_LIMIT & ~0x1fffffull, 1, 0), ERR_BAD_SLOT},
        {parcel_make(LARGE, 3, 1, PARCEL_NONE, 0), ERR_BAD_SLOT},
        {parcel_make(0, 4, 1, PARCEL_NONE, 0), ERR_BAD_SLOT},
        {parcel_make(0x7f8000000000, 4, 1, PARCEL_NONE, 0), ERR_BAD_SLOT},
        {pages(PLACE, 1, 1ull << 47), ERR_BAD_ARGUMENT},
        {pages(PLACE, 1, 1ull << 63), ERR_BAD_ARGUMENT},
        {pages(PLACE, 1, 1ull << 11), ERR_BAD_ARGUMENT},
        {parcel_make(PLACE, 1, 1, PARCEL_GIVE, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 1, PARCEL_WRITABLE | PARCEL_EXECUTABLE), ERR_NO_RIGHT},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(memory_create(&a.space, cases[i].slots, MEMORY_PAGES), cases[i].status);
        CHECK_EQ(memory_protect(&a.space, cases[i].slots), cases[i].status);
        CHECK_EQ(memory_free(&a.space, cases[i].slots), cases[i].status);
        CHECK(slot_prepare(&a.space, cases[i].slots, 1) != OK);
        CHECK(slot_release(&a.space, cases[i].slots) != OK);
        CHECK(memory_clone(&a.space, cases[i].slots, PLACE + 0x1000) != OK);
        CHECK(space_link_pages(&a.space, frame_of(MACHINE_MODULE), cases[i].slots) != OK);
    }
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, 0), 8), ERR_BAD_ARGUMENT);
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 1, 0)), ERR_BAD_SLOT);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 1, 0)), ERR_BAD_SLOT);
    CHECK_EQ(slot_release(&a.space, pages(PLACE, 1, 0)), ERR_BAD_SLOT);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, 0), PLACE + PAGE_SIZE), ERR_BAD_SLOT);
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&a.space, LAYOUT_LIMIT, &description, &charge), ERR_BAD_SLOT);
    CHECK_EQ(parcel_query(&a.space, ~0ull, &description, &charge), ERR_BAD_SLOT);
    CHECK_EQ(used(), 1);
    end();
}

TEST(large_pages_of_tables) {
    begin();
    CHECK_EQ(memory_create(&a.space, large(LARGE, 2, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    CHECK_EQ(used(), 1 + 2 + 2 * 513);
    CHECK(space_write(&a.space, LARGE + 0x1ff000, 7));
    CHECK(!space_execute(&a.space, LARGE));
    check();
    CHECK_EQ(memory_protect(&a.space, large(LARGE, 1, PARCEL_EXECUTABLE)), OK);
    CHECK(space_execute(&a.space, LARGE));
    CHECK(!space_write(&a.space, LARGE, 7));
    check();
    // Inside, what the way lacks cannot be had.
    CHECK_EQ(memory_protect(&a.space, pages(LARGE, 1, PARCEL_WRITABLE)), ERR_NO_RIGHT);
    CHECK_EQ(memory_free(&a.space, pages(LARGE + 0x5000, 2, 0)), OK);
    CHECK_EQ(memory_create(&a.space, pages(LARGE + 0x5000, 1, PARCEL_WRITABLE), MEMORY_ZERO),
             ERR_NO_RIGHT);
    CHECK_EQ(memory_create(&a.space, pages(LARGE + 0x5000, 1, 0), MEMORY_ZERO), OK);
    CHECK_EQ(used(), 1 + 2 + 2 * 513 - 1);
    CHECK_EQ(memory_free(&a.space, large(LARGE, 2, 0)), OK);
    CHECK_EQ(used(), 3);
    end();
}

// --- ZERO ----------------------------------------------------------------------------------------

TEST(zero_is_shared_for_reads_and_charged_once) {
    begin();
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 2, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    uint64_t before = used(), value = 1;
    uint32_t references = zero_frame->references;
    CHECK_EQ(state(PLACE), SLOT_ZERO);
    CHECK(space_read(&a.space, PLACE, &value));
    CHECK_EQ(value, 0);
    CHECK_EQ(zero_frame->references, references + 1);
    check();
    CHECK(space_write(&a.space, PLACE, 5));
    CHECK_EQ(zero_frame->references, references);
    CHECK(space_write(&a.space, PLACE + PAGE_SIZE, 6));
    CHECK(space_read(&a.space, PLACE, &value));
    CHECK_EQ(value, 5);
    CHECK_EQ(used(), before);
    check();
    end();
}

TEST(large_zero_writes_nothing_until_touched) {
    begin();
    CHECK_EQ(memory_create(&a.space, large(LARGE, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    uint64_t before = used(), frames = machine_free(), value = 1;
    CHECK_EQ(before, 1 + 2 + 513);
    CHECK(space_read(&a.space, LARGE + 0x3000, &value));
    CHECK_EQ(value, 0);
    CHECK_EQ(machine_free(), frames - 1);
    CHECK(space_write(&a.space, LARGE + 0x7000, 1));
    CHECK_EQ(machine_free(), frames - 2);
    CHECK_EQ(used(), before);
    CHECK(!space_execute(&a.space, LARGE + 0x9000));
    check();
    CHECK_EQ(memory_free(&a.space, pages(LARGE + 0x7000, 2, 0)), OK);
    CHECK_EQ(used(), before - 2);
    CHECK_EQ(state(LARGE + 0x7000), SLOT_EMPTY);
    CHECK_EQ(state(LARGE + 0x9000), SLOT_ZERO);
    check();
    CHECK_EQ(memory_create(&a.space, pages(LARGE + 0x7000, 2, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    check();
    CHECK_EQ(memory_free(&a.space, large(LARGE, 1, 0)), OK);
    CHECK_EQ(used(), 3);
    end();
}

TEST(a_page_out_of_a_large_zero) {
    begin();
    CHECK_EQ(memory_create(&a.space, large(LARGE, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(memory_create(&a.space, pages(LARGE, 1, 0), MEMORY_ZERO), ERR_OCCUPIED);
    frames_fail_at(1);
    CHECK_EQ(memory_free(&a.space, pages(LARGE, 1, 0)), ERR_NO_FRAME);
    frames_fail_at(1);
    CHECK_EQ(space_fault(&a.space, LARGE, 0, &(uint64_t){0}), FAULT_NO_FRAME);
    CHECK_EQ(memory_free(&a.space, pages(LARGE, 1, 0)), OK);
    CHECK_EQ(used(), 1 + 2 + 512);
    check();
    end();
}

// --- rights --------------------------------------------------------------------------------------

TEST(rights_hold_and_change) {
    begin();
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 2, 0), MEMORY_PAGES), OK);
    CHECK(!space_write(&a.space, PLACE, 1));
    CHECK(!space_execute(&a.space, PLACE));
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 2, PARCEL_WRITABLE)), OK);
    CHECK(space_write(&a.space, PLACE, 1));
    CHECK(!space_execute(&a.space, PLACE));
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 1, PARCEL_EXECUTABLE)), OK);
    CHECK(!space_write(&a.space, PLACE, 2));
    CHECK(space_execute(&a.space, PLACE));
    CHECK(space_write(&a.space, PLACE + PAGE_SIZE, 2));
    CHECK_EQ(memory_protect(&a.space, pages(PLACE, 3, 0)), ERR_EMPTY);
    CHECK(space_execute(&a.space, PLACE));
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 0x3000, 1, 0), MEMORY_ZERO), OK);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE + 0x3000, 1, PARCEL_WRITABLE)), OK);
    CHECK(space_write(&a.space, PLACE + 0x3000, 1));
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE + 0x4000, 1, 0), 1), OK);
    CHECK_EQ(memory_protect(&a.space, pages(PLACE + 0x4000, 1, 0)), ERR_BUSY);
    CHECK_EQ(memory_protect(&a.space, large(PLACE, 1, 0)), ERR_BUSY);
    check();
    end();
}

// --- clones --------------------------------------------------------------------------------------

TEST(a_clone_is_a_copy) {
    begin();
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 4, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    uint64_t before = used(), value;
    for (unsigned i = 0; i < 4; i++)
        CHECK(space_write(&a.space, PLACE + i * PAGE_SIZE, 10 + i));
    uint64_t frames = machine_free();
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 4, 0), LARGE), OK);
    CHECK_EQ(used(), before + 4 + 1);
    CHECK_EQ(machine_free(), frames - 1); // the table
    check();
    CHECK(space_write(&a.space, PLACE, 20));
    CHECK(space_write(&a.space, LARGE + PAGE_SIZE, 21));
    CHECK_EQ(machine_free(), frames - 3);
    CHECK(space_read(&a.space, LARGE, &value) && value == 10);
    CHECK(space_read(&a.space, PLACE + PAGE_SIZE, &value) && value == 11);
    // The last holder writes in place.
    CHECK(space_write(&a.space, LARGE, 22));
    CHECK_EQ(machine_free(), frames - 3);
    check();
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 4, 0), PLACE + 0x2000), ERR_OCCUPIED);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 4, 0), LARGE + 0x3000), ERR_OCCUPIED);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, 0), 0x123), ERR_BAD_SLOT);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 1, 0), 1ull << 47), ERR_BAD_SLOT);
    CHECK_EQ(memory_clone(&a.space, large(PLACE, 1, 0), 2 * LARGE + PAGE_SIZE), ERR_BAD_SLOT);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE + 0x8000, 2, 0), PLACE + 0x9000), ERR_OCCUPIED);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE + 0x8000, 1, 0), PLACE + 0x9000), ERR_EMPTY);
    end();
}

TEST(clones_keep_holes_rights_and_zeros) {
    begin();
    uint64_t value;
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, PARCEL_EXECUTABLE), MEMORY_PAGES), OK);
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 0x2000, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK(space_read(&a.space, PLACE + 0x2000, &value));
    CHECK_EQ(memory_create(&a.space, pages(PLACE + 0x3000, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(memory_clone(&a.space, pages(PLACE, 5, 0), PLACE + 0x10000), OK);
    CHECK_EQ(state(PLACE + 0x11000), SLOT_EMPTY);
    CHECK_EQ(state(PLACE + 0x13000), SLOT_ZERO);
    CHECK(space_execute(&a.space, PLACE + 0x10000));
    CHECK(!space_write(&a.space, PLACE + 0x10000, 1));
    CHECK(space_write(&a.space, PLACE + 0x12000, 1));
    CHECK(space_read(&a.space, PLACE + 0x2000, &value) && value == 0);
    check();
    end();
}

// --- landing windows -----------------------------------------------------------------------------

TEST(windows_are_prepared_and_released) {
    begin();
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE, 8, 0), 0), ERR_BAD_ARGUMENT);
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE, 8, 0), 3), ERR_BAD_ARGUMENT);
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE, 8, 0), 9), ERR_BAD_ARGUMENT);
    CHECK_EQ(used(), 1);
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE, 8, 0), 2), OK);
    CHECK_EQ(used(), 4);
    CHECK_EQ(state(PLACE), SLOT_LANDING);
    check();
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE + 0x7000, 8, 0), 2), ERR_OCCUPIED);
    CHECK_EQ(memory_create(&a.space, pages(PLACE, 1, 0), MEMORY_PAGES), ERR_OCCUPIED);
    CHECK_EQ(memory_free(&a.space, pages(PLACE, 1, 0)), ERR_BUSY);
    CHECK_EQ(memory_free(&a.space, large(PLACE, 1, 0)), ERR_BUSY);
    CHECK_EQ(space_fault(&a.space, PLACE, 0, &(uint64_t){0}), FAULT_EMPTY);
    CHECK_EQ(slot_release(&a.space, pages(PLACE + 0x1000, 2, 0)), ERR_EMPTY);
    CHECK_EQ(slot_release(&a.space, pages(PLACE, 3, 0)), ERR_EMPTY);
    CHECK_EQ(slot_release(&a.space, pages(PLACE + 0x2000, 4, 0)), OK);
    check();
    CHECK_EQ(slot_release(&a.space, pages(PLACE + 0x2000, 2, 0)), ERR_EMPTY);
    CHECK_EQ(slot_prepare(&a.space, large(LARGE, 2, 0), 1), OK);
    CHECK_EQ(slot_release(&a.space, pages(LARGE, 1, 0)), ERR_EMPTY);
    CHECK_EQ(slot_release(&a.space, large(LARGE, 2, 0)), OK);
    CHECK_EQ(slot_release(&a.space, pages(PLACE + 0x6000, 2, 0)), OK);
    CHECK_EQ(slot_release(&a.space, pages(PLACE, 2, 0)), OK);
    check();
    CHECK_EQ(memory_free(&a.space, large(PLACE, 1, 0)), OK);
    end();
}

TEST(there_is_an_end_to_windows) {
    begin();
    for (unsigned i = 0; i < LANDING_LIMIT / 256; i++)
        CHECK_EQ(slot_prepare(&a.space, pages(PLACE + i * 0x100000, 256, 0), 1), OK);
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE + 0x40000000, 1, 0), 1), ERR_BAD_ARGUMENT);
    CHECK_EQ(slot_release(&a.space, pages(PLACE + 0x100000, 256, 0)), OK);
    CHECK_EQ(slot_prepare(&a.space, pages(PLACE + 0x40000000, 1, 0), 1), OK);
    check();
    end();
}
