#include "hal/hal.h"
#include "hal/x86_64/processor.h"

// The odd number next to 2^64 divided by the golden ratio: steps by it visit all values.
static constexpr uint64_t STEP = 0x9e37'79b9'7f4a'7c15;

static _Atomic uint64_t state;

// RDRAND may run dry for a moment (Intel SDM vol. 1 section 7.3.17.1: try ten times).
static uint64_t read_hardware(void) {
    uint64_t value = 0;
    bool ok = false;

    for (unsigned i = 0; processor.rdrand && !ok && i < 10; i++)
        __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
    return ok ? value : 0;
}

// The mixing function of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
// Generators, 2014): one to one, every bit of the input changes half of the output.
static uint64_t mix(uint64_t value) {
    value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
    value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
    return value ^ value >> 31;
}

uint64_t hal_random(void) {
    uint64_t seed = read_hardware() ^ mix(hal_ticks());
    uint64_t step = __c11_atomic_fetch_add(&state, seed | STEP, __ATOMIC_RELAXED);

    return mix(step + seed);
}
