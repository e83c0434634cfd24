// Recurses until the stack is used up.

#include <limits.h>
#include <stdio.h>

static unsigned depth(unsigned level, volatile char *above)
{
    volatile char here[256];
    here[0] = above[0];
    if (level == UINT_MAX)
        return 0;
    return depth(level + 1, here) + (unsigned)here[0];
}

int main(void)
{
    volatile char start[1] = {1};
    puts("running");
    fflush(stdout);
    printf("%u\n", depth(0, start));
    return 0;
}
