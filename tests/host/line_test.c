// sources: servers/console/line.c
//
// What is typed, what is shown, and what a reader gets.

#include "line.h"
#include "test.h"

static struct line line;
static char shown[8192];
static char got[8192];

static void show(void *context, const char *text, size_t length)
{
    (void)context;
    strncat(shown, text, length);
}

static void set_up(void)
{
    line = (struct line){.echo = true, .show = show};
    shown[0] = 0;
}

static void type(const char *text)
{
    for (; *text; text++)
        line_type(&line, (uint8_t)*text);
}

// What a read of up to `limit` bytes returns, as a string.
static const char *read_line(size_t limit)
{
    got[line_read(&line, (uint8_t *)got, limit)] = 0;
    return got;
}

#define CHECK_TEXT(actual, expected) CHECK(strcmp(actual, expected) == 0)

TEST(lines_arrive_when_complete)
{
    set_up();
    type("ls");
    CHECK(!line_is_ready(&line));
    type(" /\r");
    CHECK(line_is_ready(&line));
    CHECK_TEXT(read_line(100), "ls /\n");
    CHECK(!line_is_ready(&line));
    CHECK_TEXT(shown, "ls /\r\n");
}

TEST(return_and_newline_are_one)
{
    set_up();
    type("a\r\nb\n\nc\r\r");
    CHECK_TEXT(read_line(100), "a\n");
    CHECK_TEXT(read_line(100), "b\n");
    CHECK_TEXT(read_line(100), "\n");
    CHECK_TEXT(read_line(100), "c\n");
    CHECK_TEXT(read_line(100), "\n");
    CHECK(!line_is_ready(&line));
}

TEST(a_long_line_comes_in_parts)
{
    set_up();
    type("abcdef\r");
    CHECK_TEXT(read_line(4), "abcd");
    CHECK_TEXT(read_line(4), "ef\n");
    CHECK(!line_is_ready(&line));
}

TEST(editing)
{
    set_up();
    type("\x7fxy\bz\x7f\x7f\x7f\x7fok\r");
    CHECK_TEXT(read_line(100), "ok\n");
    type("gone\x15kept\r");
    CHECK_TEXT(read_line(100), "kept\n");
    type("a\xc3\xa4\x7f" "b\r");
    CHECK_TEXT(read_line(100), "ab\n");
    type("dropped\x03");
    CHECK_TEXT(read_line(100), "\n");
}

TEST(end_of_input)
{
    set_up();
    type("\x04");
    CHECK(line_is_ready(&line));
    CHECK_TEXT(read_line(100), "");
    CHECK(!line_is_ready(&line));
    type("part\x04");
    CHECK_TEXT(read_line(100), "part");
    CHECK(!line_is_ready(&line));
    type("part\x04");
    CHECK_TEXT(read_line(4), "part");
    CHECK(!line_is_ready(&line));
}

TEST(control_characters_are_refused)
{
    set_up();
    type("a\x1b[A\tb\r");
    CHECK_TEXT(read_line(100), "a[A\tb\n");
    CHECK_TEXT(shown, "a\a[A\tb\r\n");
}

TEST(full)
{
    set_up();
    line.echo = false;
    for (unsigned i = 0; i < LINE_SIZE + 10; i++)
        line_type(&line, 'x');
    CHECK_EQ(line.length, LINE_SIZE);
    type("\r");
    unsigned lines = 1;
    for (; lines < 20; lines++) {
        for (unsigned i = 0; i < LINE_SIZE; i++)
            line_type(&line, 'y');
        type("\r");
    }
    CHECK(line.count <= READY_SIZE);
    CHECK_EQ(line_read(&line, (uint8_t *)got, sizeof got), LINE_SIZE + 1);
    type("\r"); // the one that waited fits now
    CHECK_EQ(line.length, 0);
}

TEST(raw)
{
    set_up();
    line.raw = true;
    line.echo = false;
    type("a\r\n\x04");
    CHECK_TEXT(read_line(100), "a\r\n\x04");
    CHECK_TEXT(shown, "");
}
