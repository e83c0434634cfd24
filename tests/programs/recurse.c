// Recurses as deep as asked, 256 bytes and more at a level; endlessly unless told otherwise.

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned deepest = UINT_MAX;

static unsigned depth(unsigned level, volatile char *above)
{
    volatile char here[256];
    here[0] = above[0];
    if (level == deepest)
        return 0;
    return depth(level + 1, here) + (unsigned)here[0];
}

int main(int argc, char **argv)
{
    volatile char start[1] = {1};
    if (argc > 1)
        deepest = (unsigned)strtoul(argv[1], nullptr, 10);
    puts("running");
    fflush(stdout);
    printf("%u\n", depth(0, start));
    return 0;
}
