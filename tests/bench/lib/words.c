#include "words.h"

void words_copy(uaddr_t to, uaddr_t from, uint64_t bytes)
{
    volatile uint64_t *target = (volatile uint64_t *)to;
    const volatile uint64_t *source = (const volatile uint64_t *)from;
    for (uint64_t i = 0; i < bytes / sizeof *source; i += WORDS_ROUND) {
#pragma clang loop unroll(full)
        for (uint64_t j = 0; j < WORDS_ROUND; j++)
            target[i + j] = source[i + j];
    }
}

uint64_t words_sum(uaddr_t from, uint64_t bytes)
{
    const volatile uint64_t *source = (const volatile uint64_t *)from;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes / sizeof *source; i += WORDS_ROUND) {
#pragma clang loop unroll(full)
        for (uint64_t j = 0; j < WORDS_ROUND; j++)
            sum += source[i + j];
    }
    return sum;
}

uint64_t words_sum_pages(uaddr_t from, uint64_t bytes)
{
    uint64_t sum = 0;
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_SIZE)
        sum += *(const volatile uint64_t *)(from + offset);
    return sum;
}
