// Parcels that are refused, whole; executable ones; to oneself; into a space that one fills.
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
#include "parcel_spaces.h"

TEST(parcels_are_refused_whole) {
    machine_start(64, 3);
    begin();
    uint64_t used_a = a.account.used, used_b = b.account.used;
    struct acceptance little = {.charge = 2};
    parcel_t gift = pages(PLACE, 3, PARCEL_GIVE, 0);
    CHECK_EQ(parcel_pass(&a.space, gift, false, &b.space, &little, &landed, &charge), ERR_NO_SLOT);
    b.account.limit = used_b + 2;
    CHECK_EQ(pass(&a, gift, &b), ERR_NO_MEMORY);
    CHECK_EQ(pass(&a, pages(PLACE, 3, PARCEL_CLONE, 0), &b), ERR_NO_MEMORY);
    CHECK_EQ(pass(&a, pages(PLACE, 3, PARCEL_LEND, 0), &b), OK); // costs nothing
    CHECK_EQ(come_home(&b, landed, &a, pages(PLACE, 3, PARCEL_LEND, 0)), OK);
    b.account.limit = 100'000;
    const struct {
        parcel_t parcel;
        status_t status;
    } cases[] = {
        {pages(PLACE, 3, PARCEL_NONE, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, (enum parcel_mode)4, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, (enum parcel_mode)7, 0), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, PARCEL_GIVE, PARCEL_HOLES), ERR_BAD_ARGUMENT},
        {pages(PLACE, 3, PARCEL_GIVE, PARCEL_WRITABLE | PARCEL_EXECUTABLE), ERR_NO_RIGHT},
        {pages(0, 3, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {pages(0x123456789000, 3, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {pages(PLACE + 0x100000, 3, PARCEL_GIVE, 0), ERR_EMPTY},
        {pages(SLOTS, 1, PARCEL_GIVE, 0), ERR_EMPTY},
        {parcel_make(LARGE, 3, 1, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {large(PLACE + 0x1000, PARCEL_GIVE, 0), ERR_BAD_SLOT},
        {parcel_make(SLOTS, 2, 1, PARCEL_GIVE, 0), ERR_BUSY},
        {pages(PLACE, 9, PARCEL_LEND, 0), ERR_NO_SLOT},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(pass(&a, cases[i].parcel, &b), cases[i].status);
        if (cases[i].status != ERR_NO_SLOT)
            CHECK_EQ(parcel_mark(&a.space, cases[i].parcel), cases[i].status);
    }
    CHECK_EQ(a.account.used, used_a);
    CHECK_EQ(b.account.used, used_b);
    check();
    end();
}

TEST(execution_needs_both_sides) {
    begin();
    struct acceptance data_only = {.charge = 100};
    parcel_t gift = pages(PLACE, 1, PARCEL_GIVE, PARCEL_EXECUTABLE);
    CHECK_EQ(parcel_pass(&a.space, gift, false, &b.space, &data_only, &landed, &charge), OK);
    CHECK_EQ(landed & PARCEL_EXECUTABLE, 0);
    CHECK(!space_execute(&b.space, parcel_address(landed)));
    CHECK_EQ(pass(&a, pages(PLACE + 0x1000, 1, PARCEL_GIVE, PARCEL_EXECUTABLE), &b), OK);
    CHECK_EQ(landed & PARCEL_EXECUTABLE, PARCEL_EXECUTABLE);
    CHECK(space_execute(&b.space, parcel_address(landed)));
    CHECK(!space_write(&b.space, parcel_address(landed), 1));
    check();
    end();
}

TEST(one_can_send_to_oneself) {
    begin();
    uint64_t used_a = a.account.used, value;
    CHECK_EQ(pass(&a, pages(PLACE, 1, PARCEL_GIVE, PARCEL_WRITABLE), &a), OK);
    CHECK_EQ(a.account.used, used_a);
    CHECK(space_read(&a.space, parcel_address(landed), &value) && value == 0);
    check();
    parcel_t home = pages(PLACE + 0x1000, 1, PARCEL_LEND, 0);
    CHECK_EQ(pass(&a, home, &a), OK);
    check();
    CHECK_EQ(come_home(&a, landed, &a, home), OK);
    check();
    end();
}

// --- without a message ---------------------------------------------------------------------------

TEST(parcels_move_into_a_space_that_one_fills) {
    begin();
    uint64_t value, used_a = a.account.used, used_b = b.account.used;
    CHECK_EQ(parcel_move(&a.space, pages(PLACE, 2, PARCEL_GIVE, PARCEL_WRITABLE), &b.space,
                         0x1'00000000), OK);
    CHECK_EQ(a.account.used, used_a - 2);
    CHECK_EQ(b.account.used, used_b + 2 + 2); // two tables
    CHECK(space_write(&b.space, 0x1'00001000, 4));
    check();
    // A read-only clone of a clone becomes text, and another one data.
    CHECK_EQ(pass(&c, pages(PLACE, 2, PARCEL_CLONE, 0), &a), OK);
    uaddr_t file = parcel_address(landed);
    CHECK_EQ(parcel_move(&a.space, pages(file, 1, PARCEL_CLONE, PARCEL_EXECUTABLE), &b.space,
                         0x1'00002000), OK);
    CHECK_EQ(parcel_move(&a.space, pages(file + 0x1000, 1, PARCEL_GIVE, PARCEL_WRITABLE), &b.space,
                         0x1'00003000), OK);
    CHECK(space_execute(&b.space, 0x1'00002000));
    CHECK(space_write(&b.space, 0x1'00003000, 5));
    CHECK(space_read(&c.space, PLACE + 0x1000, &value) && value == 201);
    check();
    CHECK_EQ(parcel_move(&a.space, large(LARGE, PARCEL_GIVE, PARCEL_WRITABLE), &b.space,
                         0x1'40000000), OK);
    CHECK(space_write(&b.space, 0x1'40005000, 5));
    check();
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_LEND, 0), &b.space, 0x2'0000'0000),
             ERR_BAD_ARGUMENT);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 5), ERR_BAD_SLOT);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 0x1'00000000),
             ERR_OCCUPIED);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE + 0x7000, 2, PARCEL_GIVE, 0), &b.space,
                         0x2'0000'0000), ERR_EMPTY);
    b.account.limit = b.account.used + 1;
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 2, PARCEL_GIVE, 0), &b.space, 0x2'0000'0000),
             ERR_NO_MEMORY);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 0x2'0000'0000),
             ERR_NO_MEMORY);
    b.account.limit = 100'000;
    frames_fail_at(2);
    CHECK_EQ(parcel_move(&c.space, pages(PLACE, 1, PARCEL_GIVE, 0), &b.space, 0x2'0000'0000),
             ERR_NO_FRAME);
    frames_fail_at(0);
    check();
    end();
}
