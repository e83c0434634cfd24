// What a program was started with: its start page (include/abi/start_page.h), found by name.
#pragma once

#include <abi/start_page.h>

// The start page; the program owns it, and it stays. Never null in main.
const struct start_page *start_page(void);

// Says when the system was booted, in seconds since 1970: for who reads the battery clock. Programs
// that are started from now on find it in their start pages.
void start_boot_time_set(uint64_t seconds);

// The handle granted under a name of up to 16 bytes, or HANDLE_NONE.
handle_t start_handle(const char *name);

// All that is known about the handle of that name, or null.
const struct start_handle *start_handle_find(const char *name);

// The handles in the order of the page; `index` from 0, null behind the last.
const struct start_handle *start_handle_at(unsigned index);

// One's own process number.
static inline uint32_t start_process(void)
{
    return start_page()->process;
}
