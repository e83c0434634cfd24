// The battery clock: Motorola MC146818A data sheet; the century's register is named by the FADT.
#include "hal/x86_64/rtc.h"

#include "hal/hal.h"
#include "hal/x86_64/io.h"
#include "hal/x86_64/platform.h"

static constexpr uint16_t CMOS_INDEX = 0x70; // bit 7 would mask NMIs
static constexpr uint16_t CMOS_DATA = 0x71;

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

static uint8_t cmos_read(uint8_t reg) {
    io_write8(CMOS_INDEX, reg);
    return io_read8(CMOS_DATA);
}

// An update takes 2 ms at most; a clock that is not there always reads as busy.
static bool wait_quiet(void) {
    for (unsigned i = 0; i < 100'000; i++) {
        if (!(cmos_read(CMOS_STATUS_A) & 0x80))
            return true;
        hal_pause();
    }
    return false;
}

static struct rtc_time read_once(uint8_t century) {
    return (struct rtc_time){
        .second = cmos_read(CMOS_SECOND),
        .minute = cmos_read(CMOS_MINUTE),
        .hour = cmos_read(CMOS_HOUR),
        .day = cmos_read(CMOS_DAY),
        .month = cmos_read(CMOS_MONTH),
        .year = cmos_read(CMOS_YEAR),
        .century = century ? cmos_read(century) : 0,
    };
}

uint64_t hal_wall_seconds(void) {
    uint8_t century = platform_acpi()->century;
    struct rtc_time first, second;

    // Two readings that agree were not torn by an update.
    for (unsigned i = 0; i < 10 && wait_quiet(); i++) {
        first = read_once(century);
        second = read_once(century);
        if (__builtin_memcmp(&first, &second, sizeof first) == 0)
            return rtc_seconds(first, cmos_read(CMOS_STATUS_B));
    }
    return 0;
}
