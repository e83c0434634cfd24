// Memory and strings: the few functions of the C library that the kernel needs. On the host the
// C library's own serve.
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *text, int value, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *text, int character);

// One page, on a page boundary: about 600 and 1,100 instructions.
void page_zero(void *page);
void page_copy(void *restrict to, const void *restrict from);
