// Text, bytes and structs on their way into messages and out of them.

#include <baton/marshal.h>
#include <string.h>

// Whether the bytes from `first` on, up to the end of its word, are all 0.
static bool rest_is_zero(const char *bytes, size_t first, size_t bound)
{
    char rest = 0;
    for (size_t i = first; i < (bound + 7) / 8 * 8; i++)
        rest |= bytes[i];
    return rest == 0;
}

size_t text_into_page(char *place, const char *text, size_t bound)
{
    size_t length = text == nullptr ? 0 : strlen(text);
    if (length > bound)
        return 0;
    if (text != place)
        memcpy(place, text == nullptr ? "" : text, length + 1);
    return length + 1;
}

bool text_from_page(const char *place, char *text, size_t bound)
{
    const volatile char *from = place;
    for (size_t i = 0; i <= bound; i++)
        if ((text[i] = from[i]) == 0)
            return true;
    text[bound] = 0;
    return false;
}

size_t bytes_into_page(char *place, const void *bytes, size_t length, size_t bound)
{
    if (length > bound)
        return 0;
    uint32_t count = (uint32_t)length;
    memcpy(place, &count, sizeof count);
    if (length != 0 && bytes != place + sizeof count)
        memcpy(place + sizeof count, bytes, length);
    return sizeof count + length;
}

bool bytes_from_page(const char *place, void *bytes, uint32_t *length, size_t bound)
{
    copy_from_page(place, length, sizeof *length);
    bool sound = *length <= bound;
    if (!sound)
        *length = 0;
    copy_from_page(place + sizeof *length, bytes, *length);
    return sound;
}

void copy_from_page(const char *place, void *to, size_t size)
{
    memcpy(to, place, size);
    // The compiler must not read the page again later, believing that it is still the same.
    __asm__ volatile("" : : "r"(to) : "memory");
}

bool text_into_words(uint64_t *words, const char *text, size_t bound)
{
    size_t length = text == nullptr ? 0 : strlen(text);
    if (length > bound)
        return false;
    if (length != 0)
        memcpy(words, text, length);
    return true;
}

bool text_from_words(const uint64_t *words, char *text, size_t bound)
{
    const char *bytes = (const char *)words;
    memcpy(text, bytes, bound);
    text[bound] = 0;
    return rest_is_zero(bytes, strlen(text), bound);
}

bool bytes_into_words(uint64_t *words, const void *bytes, size_t length, size_t bound)
{
    if (length > bound)
        return false;
    char *place = (char *)words;
    place[0] = (char)length;
    if (length != 0)
        memcpy(place + 1, bytes, length);
    return true;
}

bool bytes_from_words(const uint64_t *words, void *bytes, uint32_t *length, size_t bound)
{
    const char *place = (const char *)words;
    *length = (uint8_t)place[0];
    if (*length > bound) {
        *length = 0;
        return false;
    }
    memcpy(bytes, place + 1, *length);
    return rest_is_zero(place, 1 + *length, 1 + bound);
}

bool bytes_are_zero(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= byte[i];
    return any == 0;
}
