// What the battery clock's registers mean.
// sources: servers/loader/rtc_time.c
#include "test.h"

#include "rtc.h"

static constexpr uint8_t BCD_24 = RTC_24_HOURS;
static constexpr uint8_t BINARY_24 = RTC_24_HOURS | RTC_BINARY;

TEST(bcd)
{
    struct rtc_time time = {0x59, 0x59, 0x23, 0x28, 0x02, 0x26};

    CHECK_EQ(rtc_seconds(time, BCD_24), 1772323199); // date -ud '2026-02-28 23:59:59' +%s
}

TEST(binary)
{
    struct rtc_time time = {1, 2, 3, 1, 3, 24};

    CHECK_EQ(rtc_seconds(time, BINARY_24), 1709262121); // date -ud '2024-03-01 03:02:01' +%s
}

TEST(leap_day)
{
    CHECK_EQ(rtc_seconds((struct rtc_time){0, 0, 0, 29, 2, 0}, BINARY_24), 951782400);
    CHECK_EQ(rtc_seconds((struct rtc_time){0, 0, 0, 1, 3, 0}, BINARY_24), 951868800);
}

TEST(twelve_hours)
{
    struct rtc_time time = {0, 0, 0x12, 0x01, 0x01, 0x70};

    CHECK_EQ(rtc_seconds(time, 0), 0); // 12 at night: the first second of 1970
    time.hour = 0x92;
    CHECK_EQ(rtc_seconds(time, 0), 12 * 3600);
    time.hour = 0x81;
    CHECK_EQ(rtc_seconds(time, 0), 13 * 3600);
    time.hour = 0x11;
    CHECK_EQ(rtc_seconds(time, 0), 11 * 3600);
}

TEST(both_centuries)
{
    CHECK_EQ(rtc_seconds((struct rtc_time){0, 0, 0, 1, 1, 70}, BINARY_24), 0);
    CHECK_EQ(rtc_seconds((struct rtc_time){0, 0, 0, 1, 1, 26}, BINARY_24), 1767225600);
}

TEST(nonsense)
{
    CHECK_EQ(rtc_seconds((struct rtc_time){255, 255, 255, 255, 255, 255}, BCD_24), 0);
    CHECK_EQ(rtc_seconds((struct rtc_time){0, 0, 0, 0, 1, 26}, BINARY_24), 0);
    CHECK_EQ(rtc_seconds((struct rtc_time){0, 0, 0, 1, 13, 26}, BINARY_24), 0);
}
