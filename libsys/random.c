// A generator of xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number
// generators", 2021), with the time-stamp counter stirred in at each call.

#include <baton/random.h>
#include <baton/start.h>
#include <baton/time.h>

static uint64_t state[4];

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static bool has_hardware(void)
{
    static constexpr uint32_t RDRAND = 1 << 30; // CPUID leaf 1, ecx
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ecx & RDRAND;
}

// The processor's generator, 0 where there is none. It may run dry for a moment (Intel SDM vol. 1
// section 7.3.17.1: try ten times).
static uint64_t read_hardware(void)
{
    uint64_t value = 0;
    bool ok = !has_hardware();
    for (unsigned i = 0; !ok && i < 10; i++)
        __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
    return value;
}

// The mixing function of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
// Generators", 2014): one to one, every bit of the input changes half of the output.
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
    value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
    return value ^ value >> 31;
}

// What the parent has chosen, or in a boot module, whose words are 0, what the machine gives.
static void seed(void)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t given = start_page()->random[i];
        state[i] = given != 0 ? given : mix(read_hardware() ^ ticks_now());
    }
    state[0] |= 1; // all zero would stay so
    state[3] ^= (uint64_t)start_process() << 32;
}

uint64_t random_next(void)
{
    if ((state[0] | state[1] | state[2] | state[3]) == 0)
        seed();
    state[1] ^= ticks_now();
    uint64_t result = rotate(state[0] + state[3], 23) + state[0];
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

uint64_t random_below(uint64_t limit)
{
    return (uint64_t)((unsigned __int128)random_next() * limit >> 64);
}
