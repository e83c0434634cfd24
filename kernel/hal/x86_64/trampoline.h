// Where a started hart begins, in real mode: trampoline.S, copied to TRAMPOLINE_ADDRESS.
#pragma once

#include "hal/x86_64/arch.h"

// What the code there needs, at its end. Filled anew for each start.
struct trampoline_mailbox {
    uint64_t root;  // 0x00 physical, below 4 GiB; maps the trampoline where it lies
    uint64_t stack; // 0x08 top
    uint64_t hart;  // 0x10 first argument of
    uint64_t entry; // 0x18
};
static_assert(sizeof(struct trampoline_mailbox) == 0x20);

extern const char trampoline_begin[], trampoline_mailbox[], trampoline_end[];
