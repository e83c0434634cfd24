// Three spaces with pages, a table and windows, for tests of what travels between them. The machine
// is started before, with 64 MiB and three harts.
#pragma once

#include "machine.h"
#include "spaces.h"
#include "test.h"

#include "memory/straight_pass.h"
#include "memory/tlb.h"

static constexpr uaddr_t PLACE = 0x40000000, LARGE = 0x40200000, SLOTS = 0x7f0000000000;

static struct test_space a, b, c;
static struct test_space *const all[] = {&a, &b, &c};
static const struct acceptance anything = {.charge = 100'000,
                                           .flags = ACCEPT_HOLES | ACCEPT_EXECUTABLE};
static parcel_t landed;
static uint64_t charge;

static inline parcel_t pages(uaddr_t address, unsigned count, enum parcel_mode mode,
                             uint64_t rights) {
    return parcel_make(address, 1, count, mode, rights);
}

static inline parcel_t large(uaddr_t address, enum parcel_mode mode, uint64_t rights) {
    return parcel_make(address, 2, 1, mode, rights);
}

static inline status_t pass(struct test_space *from, parcel_t parcel, struct test_space *to) {
    return parcel_pass(&from->space, parcel, false, &to->space, &anything, &landed, &charge);
}

static inline status_t come_home(struct test_space *borrower, parcel_t there,
                                 struct test_space *lender, parcel_t home) {
    return parcel_return(&borrower->space, there, &lender->space, home);
}

static inline uint64_t state(struct test_space *s, uaddr_t address) {
    uint64_t description, frames;
    CHECK_EQ(parcel_query(&s->space, address, &description, &frames), OK);
    return description >> 56;
}

static inline void check(void) { CHECK_STRING(spaces_wrong(all, 3), ""); }

// Each space: 8 writable pages with values, a table of them, windows at both levels.
static inline void begin(void) {
    spaces_begin(all, 3);
    for (unsigned i = 0; i < 3; i++) {
        struct space *s = &all[i]->space;
        CHECK_EQ(memory_create(s, pages(PLACE, 8, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES), OK);
        CHECK_EQ(memory_create(s, large(LARGE, PARCEL_NONE, PARCEL_WRITABLE), MEMORY_PAGES), OK);
        CHECK_EQ(slot_prepare(s, pages(SLOTS + 0x10000, 16, PARCEL_NONE, 0), 8), OK);
        CHECK_EQ(slot_prepare(s, pages(SLOTS, 4, PARCEL_NONE, 0), 1), OK);
        CHECK_EQ(slot_prepare(s, parcel_make(SLOTS + 0x40000000, 2, 2, PARCEL_NONE, 0), 1), OK);
        for (unsigned page = 0; page < 8; page++)
            CHECK(space_write(s, PLACE + page * PAGE_SIZE, 100 * i + page));
    }
}

static inline void end(void) { CHECK_STRING(spaces_end(all, 3), ""); }
