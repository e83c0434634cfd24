// What a process may use: `used` of `limit`, in frames. `used` is changed where memory is granted
// (create, clone, give, free, kernel objects), never where it is touched or split. Invariant: used
// equals the root table's charge plus the frames of the process's kernel objects, plus frames still
// being freed; used <= limit; limits sum to what the kernel handed to the first process.
#pragma once

#include "hal/hal.h"

struct account {
    _Atomic uint64_t used, limit;
    _Atomic uint64_t objects; // of used: frames of kernel objects
};

// Takes frames from what is left, or changes nothing: ERR_NO_MEMORY.
status_t account_charge(struct account *account, uint64_t frames);
void account_refund(struct account *account, uint64_t frames);

// The same for frames of kernel objects.
status_t account_charge_objects(struct account *account, uint64_t frames);
void account_refund_objects(struct account *account, uint64_t frames);

// Moves limit, if the first has so much unused: ERR_NO_MEMORY.
status_t account_transfer(struct account *from, struct account *to, uint64_t frames);
