// Module lines and boot options, good, bad and random.
//
// sources: kernel/hart/wiring.c kernel/debug/options.c kernel/debug/format.c
// tests/host/harts/arch.c
#include "debug/options.h"
#include "hart/wiring.h"
#include "test.h"

#include <stdlib.h>

static char problem[80];
static struct wiring w;

static bool parse(const char *line) {
    problem[0] = 0;
    return wiring_parse(line, &w, problem, sizeof(problem));
}

TEST(everything_is_read) {
    CHECK(parse("ext2 limit=2M serves=file:7 uses=block,memory opens=image holds=io,irq"));
    CHECK_STRING(w.name, "ext2");
    CHECK_EQ(w.limit_frames, 512);
    static const struct wiring_grant grants[] = {
        {WIRING_SERVES, "file"},  {WIRING_USES, "block"}, {WIRING_USES, "memory"},
        {WIRING_OPENS, "image"}, {WIRING_HOLDS, "io"},   {WIRING_HOLDS, "irq"},
    };
    CHECK_EQ(w.grants, sizeof grants / sizeof *grants);
    for (unsigned i = 0; i < w.grants; i++) {
        CHECK_EQ(w.grant[i].kind, grants[i].kind);
        CHECK_STRING(w.grant[i].name, grants[i].name);
    }
    CHECK(!w.data && !w.rest);
}

TEST(the_short_ones) {
    CHECK(parse("image data"));
    CHECK(w.data);
    CHECK(parse("  memory   limit=rest  "));
    CHECK(w.rest && w.limit_frames == 0);
    CHECK(parse("memory limit=rest overcommit=9"));
    CHECK_EQ(w.overcommit, 9);
    CHECK(parse("a limit=4K"));
    CHECK_EQ(w.overcommit, 1);
    CHECK_EQ(w.limit_frames, 1);
    CHECK(parse("fifteen_letters"));
}

TEST(bad_lines_say_where) {
    static const char *const bad[] = {
        "",          "   ",           "sixteen__letters", "a limit=",       "a limit=2",
        "a limit=M", "a limit=2G",    "a limit=2Mx",      "a limit=0M",     "a limit=1K",
        "a serves=", "a serves=:3",   "a uses=,b",        "a uses=b,,c",    "a nothing=1",
        "a limit=99999999999M",       "a uses=a,b,c,d,e,f,g,h holds=a,b,c,d,e,f,g,h,i",
        "a uses=",   "a dat",
        "a serves=name_of_16_bytes_", "a uses=name_of_16_bytes_",
        "a overcommit=", "a overcommit=0", "a overcommit=10", "a overcommit=x",
    };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!parse(bad[i]));
        CHECK(problem[0] != 0);
    }
    parse("a limit=2M wrong=1");
    CHECK_STRING(problem, "cannot read \"wrong=1\"");
}

TEST(options_by_whole_words) {
    const char *options = "quiet trace=on ring=64K size=3M log=memory:debug x=7";
    CHECK(option_is(options, "trace", "on"));
    CHECK(!option_is(options, "trace", "o"));
    CHECK(!option_is(options, "trace", "one"));
    CHECK(!option_is(options, "race", "on"));
    CHECK(!option_is(options, "quiet", ""));
    CHECK_EQ(option_size(options, "ring", 1), 64 << 10);
    CHECK_EQ(option_size(options, "size", 1), 3 << 20);
    CHECK_EQ(option_size(options, "x", 1), 7);
    CHECK_EQ(option_size(options, "log", 9), 9);
    CHECK_EQ(option_size("", "x", 9), 9);
    CHECK_EQ(option_size("   x=5", "x", 9), 5);
    CHECK_EQ(option_size("x=99999999999999999999K", "x", 9) >> 20 != 0, true);
}

// Whatever stands there: no access outside the line, and every list stays within its bound.
TEST(random_lines) {
    static const char letters[] = " =,:KMadeilmrstuv0123456789";
    srand(7);
    for (unsigned i = 0; i < 300'000; i++) {
        size_t length = (size_t)rand() % 60;
        char *line = malloc(length + 1); // exactly, so that the sanitizer sees a step too far
        static const char *const starts[] = {"", "a uses=", "a limit=", "a holds=x,", "a data "};
        size_t begin = strlen(starts[i % 5]) <= length ? strlen(starts[i % 5]) : 0;
        memcpy(line, starts[i % 5], begin);
        for (size_t at = begin; at < length; at++)
            line[at] = i % 7 ? letters[(size_t)rand() % (sizeof letters - 1)] : (char)(rand() | 1);
        line[length] = 0;
        bool good = parse(line);
        CHECK(good || problem[0] != 0);
        CHECK(w.grants <= WIRING_GRANTS);
        CHECK(!good || memchr(w.name, 0, sizeof w.name) != nullptr);
        (void)option_size(line, "limit", 0);
        (void)option_is(line, "uses", "memory");
        free(line);
    }
}
