// Text, bytes and structs on their way into messages and out of them: layouts of
// include/protocols/README.md. `place` and `words` are where the argument begins; `bound` is the
// protocol's. Reading out of a page copies each byte once and checks the copy, since whoever shares
// the page may write to it meanwhile.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Into a page, or into words that are 0. Return the bytes of the page taken up, or whether it fits.
// Texts and bytes that are too long are not written: 0, false. A null text is empty.
size_t text_into_page(char *place, const char *text, size_t bound);
size_t bytes_into_page(char *place, const void *bytes, size_t length, size_t bound);
bool text_into_words(uint64_t *words, const char *text, size_t bound);
bool bytes_into_words(uint64_t *words, const void *bytes, size_t length, size_t bound);

// Out of a page or words; false if malformed. `text` has room for the bound and a 0, `bytes` for
// the bound. After false they hold anything, but `text` still ends in 0 and `length` is in bounds.
bool text_from_page(const char *place, char *text, size_t bound);
bool bytes_from_page(const char *place, void *bytes, uint32_t *length, size_t bound);
bool text_from_words(const uint64_t *words, char *text, size_t bound);
bool bytes_from_words(const uint64_t *words, void *bytes, uint32_t *length, size_t bound);
void copy_from_page(const char *place, void *to, size_t size);

// What a reserved field has to be.
bool bytes_are_zero(const void *bytes, size_t size);
