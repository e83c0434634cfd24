// The whole test framework: include it in a file of tests, which becomes one program.
//
//     TEST(frames_come_back) { CHECK_EQ(frames_free(), before); }
//
// A failed check prints where and what, ends its test, and the program's status is 1. Tests run
// in the order in which they stand in the file; a word on the command line picks by name.
#pragma once

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct test {
    const char *name;
    void (*body)(void);
    struct test *next;
};

static struct test *test_first;
static struct test **test_last = &test_first;
static jmp_buf test_escape;

static inline void test_register(struct test *test)
{
    *test_last = test;
    test_last = &test->next;
}

[[noreturn]] static inline void test_fail(void)
{
    longjmp(test_escape, 1);
}

#define TEST(title)                                                                                \
    static void test_body_##title(void);                                                           \
    static struct test test_entry_##title = {.name = #title, .body = test_body_##title};           \
    [[gnu::constructor]] static void test_register_##title(void)                                   \
    {                                                                                              \
        test_register(&test_entry_##title);                                                        \
    }                                                                                              \
    static void test_body_##title(void)

#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)

// Both sides as integers or pointers; printed in decimal and hexadecimal when they differ.
#define CHECK_EQ(actual, expected)                                                                 \
    test_check_equal((uint64_t)(actual), (uint64_t)(expected), #actual, #expected, __FILE__,       \
                     __LINE__)

#define CHECK_STRING(actual, expected)                                                             \
    test_check_string((actual), (expected), #actual, __FILE__, __LINE__)

static inline void test_check(bool holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    printf("%s:%d: not true: %s\n", file, line, condition);
    test_fail();
}

static inline void test_check_equal(uint64_t actual, uint64_t expected, const char *actual_text,
                                    const char *expected_text, const char *file, int line)
{
    if (actual == expected)
        return;
    printf("%s:%d: %s is %" PRIu64 " (%#" PRIx64 "), not %s = %" PRIu64 " (%#" PRIx64 ")\n", file,
           line, actual_text, actual, actual, expected_text, expected, expected);
    test_fail();
}

static inline void test_check_string(const char *actual, const char *expected, const char *text,
                                     const char *file, int line)
{
    if (actual != nullptr && strcmp(actual, expected) == 0)
        return;
    printf("%s:%d: %s is \"%s\", not \"%s\"\n", file, line, text, actual ? actual : "(null)",
           expected);
    test_fail();
}

static inline bool test_run(const struct test *test)
{
    if (setjmp(test_escape) != 0) {
        printf("FAIL %s\n", test->name);
        return false;
    }
    test->body();
    printf("ok %s\n", test->name);
    return true;
}

int main(int argument_count, char **arguments)
{
    setvbuf(stdout, nullptr, _IOLBF, 0);
    size_t run = 0;
    bool failed = false;
    for (const struct test *test = test_first; test != nullptr; test = test->next) {
        if (argument_count > 1 && strcmp(arguments[1], test->name) != 0)
            continue;
        run++;
        failed |= !test_run(test);
    }
    if (run == 0)
        printf("FAIL no such test\n");
    return failed || run == 0;
}
