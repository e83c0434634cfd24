// Time in ticks of the time-stamp counter, and deadlines.
#pragma once

#include <abi/status.h>
#include <abi/types.h>

static constexpr uint64_t NS_PER_SECOND = 1'000'000'000;

// What a call gets unless the caller says otherwise.
static constexpr uint64_t DEADLINE_DEFAULT_NS = 5 * NS_PER_SECOND;

// A deadline that is never reached.
static constexpr ticks_t DEADLINE_NEVER = 0;

// The counter now.
static inline ticks_t ticks_now(void)
{
    return __builtin_ia32_rdtsc();
}

// Neither overflows; ticks_from_ns rounds up.
uint64_t ns_from_ticks(ticks_t ticks);
ticks_t ticks_from_ns(uint64_t ns);

// The time so many nanoseconds from now, never DEADLINE_NEVER.
ticks_t deadline_after(uint64_t ns);

// Five seconds from now.
ticks_t deadline_default(void);

// Nanoseconds since boot.
uint64_t time_since_boot_ns(void);

// Waits until a deadline. Blocks. Not for a server's handlers: it receives, which answers the
// request in hand with ERR_NO_REPLY. ERR_NO_HANDLE, ERR_NO_MEMORY the first time.
status_t sleep_until(ticks_t deadline);
