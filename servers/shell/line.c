// Running a line: first all of it is checked, then command by command is read again and run, so
// that $? is the status of the command before.

#include "shell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int last_status;

static const char *value(const char *name)
{
    static char number[12];
    if (strcmp(name, "?") != 0)
        return getenv(name);
    snprintf(number, sizeof number, "%d", last_status);
    return number;
}

// A command that is no more than NAME=VALUE sets a variable, which programs get too.
static bool assign(char *const *words)
{
    char *equals = strchr(words[0], '=');
    if (!equals || equals == words[0] || words[1] || isdigit((unsigned char)words[0][0]))
        return false;
    for (const char *at = words[0]; at < equals; at++) {
        if (!isalnum((unsigned char)*at) && *at != '_')
            return false;
    }
    *equals = 0;
    last_status = setenv(words[0], equals + 1, true) == 0 ? 0 : 1;
    return true;
}

static void command_run(const struct command *command)
{
    if ((command->link == LINK_AND && last_status != 0) ||
        (command->link == LINK_OR && last_status == 0))
        return;
    int status;
    if (assign(command->word))
        return;
    if (!builtin_run(command->word, &status))
        status = program_run(command->word, false);
    last_status = status;
}

void line_run(const char *line)
{
    static struct command command;
    struct syntax syntax;
    syntax_begin(&syntax, line, value);
    while (syntax_next(&syntax, &command))
        continue;
    if (*syntax.error) {
        fprintf(stderr, "shell: %s\n", syntax.error);
        last_status = STATUS_SYNTAX;
        return;
    }
    syntax_begin(&syntax, line, value);
    while (syntax_next(&syntax, &command))
        command_run(&command);
}
