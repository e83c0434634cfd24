// One space, for tests of what its own process does with it.
#pragma once

#include "machine.h"
#include "spaces.h"
#include "test.h"

#include <abi/layout.h>

static constexpr uaddr_t PLACE = 0x40000000, LARGE = 0x40200000;

static struct test_space a;

static inline parcel_t pages(uaddr_t address, unsigned count, uint64_t rights) {
    return parcel_make(address, 1, count, PARCEL_NONE, rights);
}

static inline parcel_t large(uaddr_t address, unsigned count, uint64_t rights) {
    return parcel_make(address, 2, count, PARCEL_NONE, rights);
}

static inline uint64_t used(void) { return a.account.used; }

static inline enum slot_state state(uaddr_t address) {
    uint64_t description, charge;
    CHECK_EQ(parcel_query(&a.space, address, &description, &charge), OK);
    return (enum slot_state)(description >> 56);
}

static inline void begin(void) { spaces_begin((struct test_space *[]){&a}, 1); }

static inline void end(void) { CHECK_STRING(spaces_end((struct test_space *[]){&a}, 1), ""); }

static inline void check(void) { CHECK_STRING(spaces_wrong((struct test_space *[]){&a}, 1), ""); }
