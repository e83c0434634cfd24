// The battery clock: what its registers hold, and what they mean. rtc_time.c works on plain data
// and is tested on the host.
#pragma once

#include <abi/types.h>

struct rtc_time { // as read
    uint8_t second, minute, hour, day, month, year;
};

static constexpr uint8_t RTC_24_HOURS = 1 << 1; // status B
static constexpr uint8_t RTC_BINARY = 1 << 2;

// Seconds since 1970 of a reading, with its status B; 0 if it names no moment. Years 70 to 99 are
// of the 20th century.
uint64_t rtc_seconds(struct rtc_time time, uint8_t status);

// Seconds since 1970 (UTC) by the clock, with a handle to I/O ports; 0 if there is none, or no time
// in it. May wait for some milliseconds.
uint64_t rtc_read(handle_t io);
