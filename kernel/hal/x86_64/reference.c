// HPET: IA-PC HPET specification 1.0a section 2.3. PM timer: ACPI 6.5 section 4.8.2.1. PIT: Intel
// 8254 data sheet (231164), and port 61H, which gates its channel 2.
#include "hal/x86_64/reference.h"

#include "hal/paging.h"
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/io.h"

static constexpr unsigned HPET_CAPABILITIES = 0x000 / 4; // word offsets
static constexpr unsigned HPET_PERIOD = 0x004 / 4;       // in femtoseconds
static constexpr unsigned HPET_CONFIGURATION = 0x010 / 4;
static constexpr unsigned HPET_COUNTER = 0x0f0 / 4;
static constexpr uint32_t HPET_ENABLE = 1 << 0;
static constexpr uint32_t HPET_PERIOD_LIMIT = 100'000'000;

static constexpr uint16_t PIT_CHANNEL_2 = 0x42;
static constexpr uint16_t PIT_CONTROL = 0x43;
static constexpr uint16_t PIT_GATE = 0x61; // bit 0: channel 2 counts; bit 1: the loudspeaker
static constexpr uint8_t PIT_ONE_SHOT = 0xb0; // channel 2, both bytes, mode 0, binary
static constexpr uint8_t PIT_LATCH = 0x80;    // channel 2

static constexpr uint64_t PERIOD_PM_FS = 279'365'115; // 3.579545 MHz
static constexpr uint64_t PERIOD_PIT_FS = 838'095'345; // 1.193182 MHz

static volatile uint32_t *hpet;
static uint16_t pm_port;

static uint32_t read_hpet(void) { return hpet[HPET_COUNTER]; }

static uint32_t read_pm(void) { return io_read32(pm_port); }

// It counts down.
static uint32_t read_pit(void) {
    uint32_t low;

    io_write8(PIT_CONTROL, PIT_LATCH);
    low = io_read8(PIT_CHANNEL_2);
    return 0xffff - (low | (uint32_t)io_read8(PIT_CHANNEL_2) << 8);
}

static bool start_hpet(struct clock_reference *reference) {
    if (!acpi.hpet)
        return false;
    hpet = paging_map_device(acpi.hpet, 1024);
    *reference = (struct clock_reference){.name = "HPET", .period_fs = hpet[HPET_PERIOD],
                                          .mask = UINT32_MAX, .measure_ns = 2'000'000,
                                          .read = read_hpet};
    if (hpet[HPET_CAPABILITIES] == UINT32_MAX || reference->period_fs == 0 ||
        reference->period_fs > HPET_PERIOD_LIMIT)
        return false;
    hpet[HPET_CONFIGURATION] |= HPET_ENABLE;
    return true;
}

static bool start_pm(struct clock_reference *reference) {
    pm_port = acpi.timer_port;
    *reference = (struct clock_reference){.name = "ACPI PM timer", .period_fs = PERIOD_PM_FS,
                                          .mask = acpi.timer_wide ? UINT32_MAX : 0xffffff,
                                          .measure_ns = 5'000'000, .read = read_pm};
    return pm_port != 0;
}

// Runs from FFFFH down once, for 55 ms.
static bool start_pit(struct clock_reference *reference) {
    *reference = (struct clock_reference){.name = "PIT", .period_fs = PERIOD_PIT_FS, .mask = 0xffff,
                                          .measure_ns = 10'000'000, .read = read_pit};
    io_write8(PIT_GATE, (io_read8(PIT_GATE) & 0xfc) | 1);
    io_write8(PIT_CONTROL, PIT_ONE_SHOT);
    io_write8(PIT_CHANNEL_2, 0xff);
    io_write8(PIT_CHANNEL_2, 0xff);
    return true;
}

// Within a few hundred reads, each of which takes some 100 ns at least, a live counter has moved.
static bool moves(const struct clock_reference *reference) {
    uint32_t first = reference->read();

    for (unsigned i = 0; i < 1000; i++) {
        hal_pause();
        if (reference->read() != first)
            return true;
    }
    return false;
}

bool reference_find(struct clock_reference *reference) {
    return (start_hpet(reference) && moves(reference)) ||
           (start_pm(reference) && moves(reference)) ||
           (start_pit(reference) && moves(reference));
}
