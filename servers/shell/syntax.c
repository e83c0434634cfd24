#include "syntax.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void syntax_begin(struct syntax *syntax, const char *line, const char *(*value)(const char *name))
{
    *syntax = (struct syntax){.next = line, .value = value};
}

[[gnu::format(printf, 2, 3)]] static bool fail(struct syntax *syntax, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(syntax->error, sizeof syntax->error, format, arguments);
    va_end(arguments);
    return false;
}

static bool put(struct syntax *syntax, struct command *command, char character)
{
    if (command->used == TEXT_MAXIMUM)
        return fail(syntax, "the line is too long");
    command->text[command->used++] = character;
    return true;
}

static bool put_text(struct syntax *syntax, struct command *command, const char *text)
{
    for (; text && *text; text++) {
        if (!put(syntax, command, *text))
            return false;
    }
    return true;
}

static bool is_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

// Replaces $? or $NAME; any other $ stands for itself. syntax->next is at the $.
static bool put_value(struct syntax *syntax, struct command *command)
{
    char name[64];
    size_t length = 0;
    const char *at = ++syntax->next;
    if (*at == '?')
        name[length++] = *at++;
    else
        for (; is_name(*at) && length + 1 < sizeof name; at++)
            name[length++] = *at;
    if (length == 0)
        return put(syntax, command, '$');
    name[length] = 0;
    syntax->next = at;
    return put_text(syntax, command, syntax->value(name));
}

static bool put_single_quoted(struct syntax *syntax, struct command *command)
{
    for (syntax->next++; *syntax->next != '\''; syntax->next++) {
        if (!*syntax->next)
            return fail(syntax, "a ' is missing");
        if (!put(syntax, command, *syntax->next))
            return false;
    }
    syntax->next++;
    return true;
}

static bool put_double_quoted(struct syntax *syntax, struct command *command)
{
    syntax->next++;
    while (*syntax->next != '"') {
        bool good;
        if (!*syntax->next)
            return fail(syntax, "a \" is missing");
        if (*syntax->next == '\\' && syntax->next[1] && strchr("\"\\$", syntax->next[1]))
            good = put(syntax, command, *++syntax->next), syntax->next++;
        else if (*syntax->next == '$')
            good = put_value(syntax, command);
        else
            good = put(syntax, command, *syntax->next++);
        if (!good)
            return false;
    }
    syntax->next++;
    return true;
}

// One piece of a word: a quoted part, a replaced name, or a character.
static bool put_piece(struct syntax *syntax, struct command *command)
{
    switch (*syntax->next) {
    case '\'':
        return put_single_quoted(syntax, command);
    case '"':
        return put_double_quoted(syntax, command);
    case '$':
        return put_value(syntax, command);
    case '\\':
        if (syntax->next[1])
            syntax->next++;
        [[fallthrough]];
    default:
        return put(syntax, command, *syntax->next++);
    }
}

// Reads one word. One that is empty and was not quoted does not count.
static bool read_word(struct syntax *syntax, struct command *command)
{
    if (command->count == WORDS_MAXIMUM)
        return fail(syntax, "there are too many words");
    char *word = &command->text[command->used];
    bool quoted = false;
    while (*syntax->next && !strchr(" \t\r\n;&|<>()", *syntax->next)) {
        quoted = quoted || strchr("'\"", *syntax->next);
        if (!put_piece(syntax, command))
            return false;
    }
    if (!quoted && word == &command->text[command->used])
        return true;
    command->word[command->count++] = word;
    return put(syntax, command, 0);
}

static void skip_blanks(struct syntax *syntax)
{
    syntax->next += strspn(syntax->next, " \t\r");
    if (*syntax->next == '#')
        syntax->next += strcspn(syntax->next, "\n");
}

// What stands behind a command, and how the next one is joined to it.
static bool read_operator(struct syntax *syntax, bool empty)
{
    static const struct {
        const char *text;
        enum link link;
    } operators[] = {{"&&", LINK_AND}, {"||", LINK_OR}, {";", LINK_ALWAYS}, {"\n", LINK_ALWAYS}};
    bool dangling = empty && syntax->link != LINK_ALWAYS;
    if (!*syntax->next) {
        syntax->link = dangling ? syntax->link : LINK_ALWAYS;
        return true;
    }
    for (unsigned i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t length = strlen(operators[i].text);
        if (strncmp(syntax->next, operators[i].text, length) != 0)
            continue;
        bool newline = *syntax->next == '\n';
        if (newline && dangling) { // the command may stand on the next line
            syntax->next++;
            return true;
        }
        if (empty && !newline)
            return fail(syntax, "a command is missing before %s", operators[i].text);
        syntax->next += length;
        syntax->link = operators[i].link;
        return true;
    }
    return fail(syntax, "'%c' is not supported", *syntax->next);
}

bool syntax_next(struct syntax *syntax, struct command *command)
{
    while (*syntax->next) {
        *command = (struct command){.link = syntax->link};
        for (skip_blanks(syntax); *syntax->next && !strchr("\n;&|<>()", *syntax->next);
             skip_blanks(syntax)) {
            if (!read_word(syntax, command))
                return false;
        }
        command->word[command->count] = nullptr;
        if (!read_operator(syntax, command->count == 0))
            return false;
        if (command->count > 0)
            return true;
    }
    if (syntax->link != LINK_ALWAYS)
        return fail(syntax, "a command is missing at the end");
    return false;
}
