// From the clock's registers to seconds.

#include "rtc.h"

static constexpr uint8_t HOUR_AFTERNOON = 0x80; // with 12 hours

static unsigned decode(uint8_t value, uint8_t status)
{
    return status & RTC_BINARY ? value : (value >> 4) * 10u + (value & 0xf);
}

static unsigned decode_hour(uint8_t value, uint8_t status)
{
    unsigned hour = decode(value & ~HOUR_AFTERNOON, status);
    if (status & RTC_24_HOURS)
        return decode(value, status);
    hour = hour == 12 ? 0 : hour; // 12 o'clock comes first
    return value & HOUR_AFTERNOON ? hour + 12 : hour;
}

static unsigned decode_year(uint8_t value, uint8_t status)
{
    unsigned year = decode(value, status);
    return year >= 70 ? 1900 + year : 2000 + year;
}

static constexpr uint64_t DAYS_TO_1970 = 719'468; // from 0000-03-01

// Days from 1970-01-01 to a date of the Gregorian calendar; years counted from March, so that the
// leap day is a year's last.
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    unsigned from_march = (month + 9) % 12;
    year -= month <= 2;
    return 365ull * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + day -
           1 - DAYS_TO_1970;
}

uint64_t rtc_seconds(struct rtc_time time, uint8_t status)
{
    unsigned second = decode(time.second, status), minute = decode(time.minute, status);
    unsigned hour = decode_hour(time.hour, status), day = decode(time.day, status);
    unsigned month = decode(time.month, status), year = decode_year(time.year, status);
    if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12)
        return 0;
    return ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}
