// The shell: runs lines of the terminal, one line (-c LINE), or the lines of a file.

#include "shell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static constexpr size_t LINE_MAXIMUM = 4096;

static int usage(void)
{
    fputs("usage: shell [-c LINE | FILE]\n", stderr);
    return STATUS_SYNTAX;
}

// Runs what is read, with a prompt before each line unless it is null.
static void lines_run(FILE *from, const char *prompt)
{
    static char line[LINE_MAXIMUM];
    for (;;) {
        if (prompt) {
            fputs(prompt, stdout);
            fflush(stdout);
        }
        if (!fgets(line, sizeof line, from))
            return;
        line_run(line);
    }
}

static int file_run(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "shell: %s: %s\n", path, strerror(errno));
        return STATUS_NOT_FOUND;
    }
    lines_run(file, nullptr);
    fclose(file);
    return last_status;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "-c") == 0) {
        if (argc != 3)
            return usage();
        line_run(argv[2]);
    } else if (argc == 2) {
        return file_run(argv[1]);
    } else if (argc > 2) {
        return usage();
    } else {
        lines_run(stdin, "baton$ ");
        puts("");
    }
    return last_status;
}
