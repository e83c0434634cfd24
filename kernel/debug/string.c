// hal/string.h: what only texts for whoever looks in need.
#include "hal/string.h"

#include <stdint.h>

[[clang::no_builtin]] void *memchr(const void *text, int value, size_t size) {
    const uint8_t *at = text;
    for (; size > 0; size--, at++)
        if (*at == (uint8_t)value)
            return (void *)(uintptr_t)at;
    return nullptr;
}

[[clang::no_builtin]] int strncmp(const char *a, const char *b, size_t limit) {
    for (; limit > 0; limit--, a++, b++)
        if (*a != *b || *a == 0)
            return (uint8_t)*a - (uint8_t)*b;
    return 0;
}

[[clang::no_builtin]] char *strchr(const char *text, int character) {
    for (;; text++) {
        if (*text == (char)character)
            return (char *)(uintptr_t)text;
        if (*text == 0)
            return nullptr;
    }
}
