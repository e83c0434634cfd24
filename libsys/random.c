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

static void seed(void)
{
    for (unsigned i = 0; i < 4; i++)
        state[i] = start_page()->random[i];
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
