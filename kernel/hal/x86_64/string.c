// hal/string.h. Long copies, and pages, use the string instructions, which processors run fastest.
// An emulator counts each step of them as an instruction: 512 for a page.
#include "hal/string.h"

#include <abi/types.h>

// Else the compiler would make each of these functions out of a call of itself.
#define PLAIN [[clang::no_builtin]]

static constexpr size_t SHORT = 32; // below this, starting a string instruction costs more

PLAIN void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    char *out = to;
    const char *in = from;
    if (size >= SHORT) {
        size_t words = size / 8;
        __asm__ volatile("rep movsq" : "+D"(out), "+S"(in), "+c"(words) : : "memory");
        size %= 8;
    }
    while (size-- > 0)
        *out++ = *in++;
    return to;
}

PLAIN void *memset(void *to, int value, size_t size) {
    char *out = to;
    if (size >= SHORT) {
        size_t words = size / 8;
        uint64_t pattern = 0x0101010101010101 * (uint8_t)value;
        __asm__ volatile("rep stosq" : "+D"(out), "+c"(words) : "a"(pattern) : "memory");
        size %= 8;
    }
    while (size-- > 0)
        *out++ = (char)value;
    return to;
}

PLAIN int memcmp(const void *a, const void *b, size_t size) {
    const uint8_t *left = a, *right = b;
    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return 0;
}

PLAIN size_t strnlen(const char *text, size_t limit) {
    size_t length = 0;
    while (length < limit && text[length] != 0)
        length++;
    return length;
}

size_t strlen(const char *text) { return strnlen(text, SIZE_MAX); }

PLAIN int strcmp(const char *a, const char *b) {
    while (*a != 0 && *a == *b)
        a++, b++;
    return (uint8_t)*a - (uint8_t)*b;
}

void page_zero(void *page) {
    uint64_t words = PAGE_SIZE / 8;
    __asm__ volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

void page_copy(void *restrict to, const void *restrict from) {
    uint64_t words = PAGE_SIZE / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}
