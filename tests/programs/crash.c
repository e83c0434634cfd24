// Crashes a few calls deep, in functions whose names a backtrace has to show. With a number as its
// argument only once that many milliseconds have passed.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

[[gnu::noinline]] static int copy_line(const volatile char *from)
{
    int sum = *from;
    __asm__ volatile("" : "+r"(sum));
    return sum + 1;
}

[[gnu::noinline]] static int read_settings(const volatile char *from)
{
    int lines = copy_line(from);
    __asm__ volatile("" : "+r"(lines)); // so that the call is not the last thing done
    return lines + 1;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        long ms = atol(argv[1]);
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1'000'000}, nullptr);
    }
    puts("running");
    fflush(stdout);
    const volatile char *nothing = nullptr;
    __asm__("" : "+r"(nothing));
    printf("%d\n", read_settings(nothing));
    return 0;
}
