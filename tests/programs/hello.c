// What any C program expects: text, numbers with and without a point, memory, time.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int ended = 0;

static void at_exit(void)
{
    printf("at exit %d\n", ended);
}

int main(void)
{
    atexit(at_exit);
    printf("hello, world\n");
    printf("%d %5.2f %g %s %c %x\n", -42, 3.14159, 1e100, "text", 'c', 0xbeefu);
    printf("%.6f\n", sqrt(2.0));
    char *large = malloc(100'000);
    if (!large)
        return 1;
    memset(large, 'x', 99'999);
    large[99'999] = 0;
    printf("%zu\n", strlen(large));
    large = realloc(large, 200'000);
    printf("%c%c\n", large[0], large[99'998]);
    free(large);
    struct timespec first, second;
    clock_gettime(CLOCK_MONOTONIC, &first);
    nanosleep(&(struct timespec){.tv_nsec = 20'000'000}, nullptr);
    clock_gettime(CLOCK_MONOTONIC, &second);
    long long passed = (second.tv_sec - first.tv_sec) * 1'000'000'000ll +
                       (second.tv_nsec - first.tv_nsec);
    printf("slept %s\n", passed >= 20'000'000 ? "long enough" : "too short");
    ended = 1;
    return 0;
}
