// sources: servers/shell/syntax.c
//
// How a command line is taken apart.

#include "syntax.h"
#include "test.h"

static struct command command;
static struct syntax syntax;
static char written[2048];

static const char *value(const char *name)
{
    if (strcmp(name, "?") == 0)
        return "42";
    return strcmp(name, "HOME") == 0 ? "/home dir" : nullptr;
}

// All commands of a line: [word] for each word, and ; & | before each command.
static const char *parsed(const char *line)
{
    written[0] = 0;
    syntax_begin(&syntax, line, value);
    while (syntax_next(&syntax, &command)) {
        strcat(written, (const char *[]){";", "&", "|"}[command.link]);
        for (unsigned i = 0; i < command.count; i++) {
            strcat(written, "[");
            strcat(written, command.word[i]);
            strcat(written, "]");
        }
        CHECK(command.word[command.count] == nullptr);
    }
    return written;
}

#define PARSED(line, expected)                                                                     \
    do {                                                                                           \
        const char *actual_ = parsed(line);                                                        \
        if (strcmp(actual_, expected) != 0 || *syntax.error)                                       \
            printf("%s: %s %s\n", line, actual_, syntax.error);                                    \
        CHECK(strcmp(actual_, expected) == 0 && !*syntax.error);                                   \
    } while (0)

#define WRONG(line, text)                                                                          \
    do {                                                                                           \
        parsed(line);                                                                              \
        CHECK(strstr(syntax.error, text));                                                         \
    } while (0)

TEST(words)
{
    PARSED("", "");
    PARSED("  \t\n\n", "");
    PARSED("ls -l  /bin\n", ";[ls][-l][/bin]");
    PARSED("echo a#b # comment; ls", ";[echo][a#b]");
}

TEST(quotes)
{
    PARSED("echo 'a  b' \"c $? d\" e\\ f", ";[echo][a  b][c 42 d][e f]");
    PARSED("echo '$HOME' \"$HOME\" $HOME", ";[echo][$HOME][/home dir][/home dir]");
    PARSED("echo '' \"\" $NOTHING \"$NOTHING\"", ";[echo][][][]");
    PARSED("a'b'\"c\"d", ";[abcd]");
    PARSED("echo \"\\\"\\\\\\n\" '\\'", ";[echo][\"\\\\n][\\]");
    PARSED("echo $ $; echo a$", ";[echo][$][$];[echo][a$]");
    PARSED("echo ';' \"&&\" \\|", ";[echo][;][&&][|]");
}

TEST(lists)
{
    PARSED("a; b && c || d", ";[a];[b]&[c]|[d]");
    PARSED("a;b;", ";[a];[b]");
    PARSED("a\nb\n\nc", ";[a];[b];[c]");
    PARSED("a &&\n b", ";[a]&[b]");
}

TEST(mistakes)
{
    WRONG("echo 'a", "' is missing");
    WRONG("echo \"a", "\" is missing");
    WRONG("; a", "missing before ;");
    WRONG("a && && b", "missing before &&");
    WRONG("a ||", "missing at the end");
    WRONG("a && ", "missing at the end");
    WRONG("a | b", "'|' is not supported");
    WRONG("a > b", "'>' is not supported");
    WRONG("a &", "'&' is not supported");
}

TEST(bounds)
{
    static char line[TEXT_MAXIMUM + 100];
    memset(line, 'x', sizeof line - 1);
    WRONG(line, "too long");
    for (size_t i = 1; i < sizeof line - 1; i += 2)
        line[i] = ' ';
    WRONG(line, "too many words");
}
