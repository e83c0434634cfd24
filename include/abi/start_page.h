// What a program finds when it begins: rdi holds the address of this page (at least one page,
// `size` bytes). Who starts the program writes it; the program owns the memory.
#pragma once

#include <abi/rights.h>
#include <abi/types.h>

static constexpr uint64_t START_MAGIC = 0x3154'5241'5453'4e42; // "BNSTART1"
static constexpr uint32_t ABI_NUMBER = 1;

struct start_handle {
    char name[16]; // padded with 0: "file", "memory", "stdin" ...
    handle_t handle;
    uint8_t type; // enum object_type
    rights_t rights;
    uint16_t protocol;
};

struct start_page {
    uint64_t magic;
    uint32_t abi;
    uint32_t size;               // of the whole, in bytes
    uint32_t argument_count;
    uint32_t arguments;          // offset: that many strings, one behind the other, each ended by 0
    uint32_t environment_count;
    uint32_t environment;        // offset: likewise, NAME=value
    uint32_t handle_count;
    uint32_t handles;            // offset: struct start_handle, that many
    uint32_t process;            // one's own number
    uint32_t reserved;
    uint64_t ticks_per_second;   // of the time-stamp counter
    ticks_t boot_ticks;          // the counter's value at boot
    uint64_t boot_time;          // seconds since 1970 at boot, 0: unknown, as in a boot module
    uaddr_t image;               // where the program's image begins
    uint64_t image_size;
    uaddr_t stack_top;
    uint64_t stack_size;         // that it begins with
    uint64_t random[4];          // for hash seeds and stack protectors; 0 in a boot module
};
