// sources: libsys/format.c
//
// The small printf says what the C library's says.

#include "test.h"

#include <baton/log.h>

static char ours[256], theirs[256];

// Both have to agree on the text and its length, also when it is cut.
#define SAME(...)                                                                                  \
    do {                                                                                           \
        for (size_t size = 0; size <= sizeof ours; size = size ? size * 2 : 1) {                   \
            memset(ours, 'x', sizeof ours);                                                        \
            memset(theirs, 'x', sizeof theirs);                                                    \
            CHECK_EQ(text_format(ours, size, __VA_ARGS__),                                         \
                     (size_t)snprintf(theirs, size, __VA_ARGS__));                                 \
            CHECK(memcmp(ours, theirs, sizeof ours) == 0);                                         \
        }                                                                                          \
    } while (0)

TEST(integers)
{
    SAME("%d %d %d", 0, -1, 2147483647);
    SAME("%i %u %x %X", -2147483647 - 1, 4294967295u, 0xbeefu, 0xBEEFu);
    SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    SAME("%lld %llu %zu", -5ll, 5ull, (size_t)7);
    SAME("%hhu %hu %hhd", (unsigned char)200, (unsigned short)60000, (signed char)-3);
    SAME("%+d %+d", 5, -5);
}

TEST(width)
{
    SAME("[%5d] [%-5d] [%05d] [%05d]", 42, 42, 42, -42);
    SAME("[%*d] [%*d]", 6, 7, -6, 7);
    SAME("[%16lx] [%016lx]", 0xabcul, 0xabcul);
    SAME("[%2d]", 12345);
}

TEST(text)
{
    SAME("%s and %10s and %-10s|", "one", "two", "three");
    SAME("%.2s %.*s %c%c", "abcdef", 3, "abcdef", 'x', 'y');
    SAME("100%% %s", "");
    SAME("%s", "");
    SAME("no conversion");
}

TEST(odd_formats)
{
    CHECK_EQ(text_format(ours, sizeof ours, "%p", (void *)0x1234), 6);
    CHECK(strcmp(ours, "0x1234") == 0);
    const char *null = nullptr;
    CHECK_EQ(text_format(ours, sizeof ours, "%s", null), 6);
    CHECK(strcmp(ours, "(null)") == 0);
}
