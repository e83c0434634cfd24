// Spaces for tests, with accounts of their own, and touches of a program by way of the tables.
#pragma once

#include "memory/space.h"
#include "memory/tlb.h"

struct test_space {
    struct account account;
    struct space space;
};

// Makes spaces; remembers how many frames were free.
void spaces_begin(struct test_space *const *spaces, unsigned count);

// Checks and destroys them. Says what is wrong: "" if everything is freed and refunded.
const char *spaces_end(struct test_space *const *spaces, unsigned count);

// What memory_check_all finds: "" for nothing.
const char *spaces_wrong(struct test_space *const *spaces, unsigned count);

// What a program's instruction does: by the tables, with a fault if they do not allow it. False if
// the fault is not resolved. Bits of entries are looked at as the processor does.
bool space_read(struct space *space, uaddr_t address, uint64_t *value);
bool space_write(struct space *space, uaddr_t address, uint64_t value);
bool space_execute(struct space *space, uaddr_t address);

// The word at an address, if the tables allow the access now; sets accessed and dirty bits.
uint64_t *space_translate(const struct space *space, uaddr_t address, uint8_t access);

// What the system call does.
static inline status_t parcel_move(struct space *from, parcel_t source, struct space *to,
                                   uaddr_t destination) {
    status_t status = parcel_move_for(from, source, to, destination, nullptr);
    tlb_wait();
    return status;
}
