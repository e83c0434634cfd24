// The battery clock's registers, and what they mean. rtc_time.c works on plain data and is tested
// on the host.
#pragma once

#include <stdint.h>

struct rtc_time { // as read
    uint8_t second, minute, hour, day, month, year, century;
};

static constexpr uint8_t RTC_24_HOURS = 1 << 1; // status B
static constexpr uint8_t RTC_BINARY = 1 << 2;

// Seconds since 1970 of a reading, with its status B; 0 if it names no moment. Century 0: not told,
// years 70 to 99 are then of the 20th century.
uint64_t rtc_seconds(struct rtc_time time, uint8_t status);
