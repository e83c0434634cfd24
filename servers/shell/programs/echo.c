// echo [-n] [WORD ...]: writes its arguments, and a newline unless -n comes first.

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int first = 1;
    bool newline = true;
    if (argc > 1 && strcmp(argv[1], "-n") == 0) {
        newline = false;
        first = 2;
    }
    for (int i = first; i < argc; i++) {
        fputs(i == first ? "" : " ", stdout);
        fputs(argv[i], stdout);
    }
    if (newline)
        putchar('\n');
    return fflush(stdout) == 0 ? 0 : 1;
}
