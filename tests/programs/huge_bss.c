// More zeroed data than any account pays for: it cannot be started.

#include <stdio.h>

static volatile char huge[512 << 20];

int main(void)
{
    puts("running");
    huge[sizeof huge - 1] = 1;
    return huge[0];
}
