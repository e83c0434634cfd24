// What the loader remembers of each program that runs, so that a crash can be told by function
// names: from its loading to its end. Bounded; what is not remembered is told by addresses.
#pragma once

#include <abi/types.h>

static constexpr unsigned RECORDS_MAXIMUM = 128;    // programs at once
static constexpr unsigned RECORD_PATH_MAXIMUM = 119; // bytes; of a longer path nothing is kept

struct record {
    uint32_t process; // its number; 0: the record is free
    uaddr_t image;
    uint64_t image_size; // bytes
    char path[RECORD_PATH_MAXIMUM + 1];
};

// Remembers a program; false if there is no room.
bool record_add(uint32_t process, uaddr_t image, uint64_t image_size, const char *path);

// Forgets a program, and says what was known of it; false if it was not remembered.
bool record_take(uint32_t process, struct record *record);
