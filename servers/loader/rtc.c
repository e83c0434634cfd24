// Reading the battery clock: Motorola MC146818A data sheet.

#include "rtc.h"

#include <baton/system.h>
#include <baton/time.h>

#include <string.h>

static constexpr uint32_t CMOS_PORTS = 0x70;        // index (bit 7 would mask NMIs), data
static constexpr uint64_t PATIENCE_NS = 10'000'000; // an update takes 2 ms at most,
static constexpr uint64_t POLL_NS = 250'000;         // and is announced 244 us before

enum cmos : uint8_t {
    CMOS_SECOND = 0x00,
    CMOS_MINUTE = 0x02,
    CMOS_HOUR = 0x04,
    CMOS_DAY = 0x07,
    CMOS_MONTH = 0x08,
    CMOS_YEAR = 0x09,
    CMOS_STATUS_A = 0x0a, // bit 7: being updated
    CMOS_STATUS_B = 0x0b, // bit 1: 24 hours; bit 2: binary, else BCD
};

static constexpr uint8_t UPDATED = 0x80;

// All ones, as of a clock that is not there, when the ports cannot be read.
static uint8_t cmos_read(handle_t ports, enum cmos number)
{
    uint64_t value;
    if (system_io_write(ports, 0, 1, number) != OK || system_io_read(ports, 1, 1, &value) != OK)
        return UINT8_MAX;
    return (uint8_t)value;
}

static struct rtc_time read_once(handle_t ports)
{
    return (struct rtc_time){
        .second = cmos_read(ports, CMOS_SECOND),
        .minute = cmos_read(ports, CMOS_MINUTE),
        .hour = cmos_read(ports, CMOS_HOUR),
        .day = cmos_read(ports, CMOS_DAY),
        .month = cmos_read(ports, CMOS_MONTH),
        .year = cmos_read(ports, CMOS_YEAR),
    };
}

// Two readings that agree were not torn by an update. A clock that is not there is always updated.
static uint64_t read_whole(handle_t ports)
{
    ticks_t deadline = deadline_after(PATIENCE_NS);
    do {
        if (cmos_read(ports, CMOS_STATUS_A) & UPDATED) {
            (void)sleep_until(deadline_after(POLL_NS)); // an emulator's clock may need the hart
            continue;
        }
        struct rtc_time first = read_once(ports), second = read_once(ports);
        if (memcmp(&first, &second, sizeof first) == 0)
            return rtc_seconds(first, cmos_read(ports, CMOS_STATUS_B));
    } while (ticks_now() < deadline);
    return 0;
}

uint64_t rtc_read(handle_t io)
{
    uint64_t ports;
    if (system_io_create(io, CMOS_PORTS, 2, &ports) != OK)
        return 0;
    uint64_t seconds = read_whole((handle_t)ports);
    (void)system_handle_close((handle_t)ports);
    return seconds;
}
