// The kernel's own formatter: widths, padding, precision, cutting.
// sources: kernel/debug/format.c
#include "test.h"

#include <debug/log.h>

#include <stdlib.h>

#define CHECK_TEXT(expected, ...)                                                                  \
    do {                                                                                           \
        char text_[200];                                                                           \
        CHECK_EQ(text_format(text_, sizeof text_, __VA_ARGS__), sizeof expected - 1);              \
        CHECK_STRING(text_, expected);                                                             \
    } while (0)

TEST(plain_text_stays) {
    CHECK_TEXT("", "%s", "");
    CHECK_TEXT("a b c", "a b c");
    CHECK_TEXT("100%", "100%%");
}

TEST(strings) {
    CHECK_TEXT("[ab]", "[%s]", "ab");
    CHECK_TEXT("[    ab]", "[%6s]", "ab");
    CHECK_TEXT("[ab    ]", "[%-6s]", "ab");
    CHECK_TEXT("[abc]", "[%.3s]", "abcdef");
    CHECK_TEXT("[abc]", "[%.*s]", 3, "abcdef");
    CHECK_TEXT("[  abc]", "[%*.*s]", 5, 3, "abcdef");
    CHECK_TEXT("[x]", "[%c]", 'x');
    const char *volatile none = nullptr;
    CHECK_TEXT("(null)", "%s", none);
}

TEST(a_precision_bounds_what_is_read) {
    char *bytes = malloc(3);
    memcpy(bytes, "abc", 3);
    CHECK_TEXT("abc", "%.3s", bytes);
    free(bytes);
}

TEST(numbers) {
    CHECK_TEXT("0", "%d", 0);
    CHECK_TEXT("-2147483648", "%d", INT32_MIN);
    CHECK_TEXT("4294967295", "%u", UINT32_MAX);
    CHECK_TEXT("-9223372036854775808", "%ld", INT64_MIN);
    CHECK_TEXT("18446744073709551615", "%lu", UINT64_MAX);
    CHECK_TEXT("ffffffffffffffff", "%lx", UINT64_MAX);
    CHECK_TEXT("deadbeef", "%x", 0xdeadbeef);
    CHECK_TEXT("42", "%zu", (size_t)42);
    CHECK_TEXT("0x1f", "%p", (void *)0x1f);
}

TEST(padding) {
    CHECK_TEXT("[   42]", "[%5d]", 42);
    CHECK_TEXT("[42   ]", "[%-5d]", 42);
    CHECK_TEXT("[00042]", "[%05d]", 42);
    CHECK_TEXT("[-0042]", "[%05d]", -42);
    CHECK_TEXT("[  -42]", "[%5d]", -42);
    CHECK_TEXT("[0000000000000ab0]", "[%016lx]", 0xab0ul);
    CHECK_TEXT("[42]", "[%1d]", 42);
    CHECK_TEXT("[  007]", "[%5.3d]", 7);
}

// Past the compiler's check of formats.
static size_t format_unchecked(char *buffer, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t length = text_format_list(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

TEST(what_is_unknown_is_shown) {
    char text[20];
    CHECK_EQ(format_unchecked(text, sizeof text, "a %q b"), 6);
    CHECK_STRING(text, "a %q b");
    CHECK_EQ(format_unchecked(text, sizeof text, "end %"), 5);
    CHECK_STRING(text, "end %");
    format_unchecked(text, sizeof text, "end %-08");
    CHECK_STRING(text, "end %");
}

TEST(long_text_is_cut_and_ended) {
    for (size_t size = 1; size <= 8; size++) {
        char *text = malloc(size);
        CHECK_EQ(text_format(text, size, "%s-%d", "abcd", 12), 7);
        CHECK_EQ(strlen(text), size - 1 < 7 ? size - 1 : 7);
        free(text);
    }
    CHECK_EQ(text_format(nullptr, 0, "%d", 12345), 5);
}

TEST(huge_widths_do_no_harm) {
    char text[16];
    CHECK(text_format(text, sizeof text, "%999999999d", 1) >= sizeof text);
    CHECK(text_format(text, sizeof text, "%0999d", 1) >= sizeof text);
    CHECK_EQ(strlen(text), sizeof text - 1);
}
