// sleep SECONDS: waits, also for parts of a second.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    char *end = nullptr;
    double seconds = argc == 2 ? strtod(argv[1], &end) : -1;
    if (argc != 2 || *end || !(seconds >= 0 && seconds < 1e9)) {
        fputs("usage: sleep SECONDS\n", stderr);
        return 2;
    }
    struct timespec wait = {.tv_sec = (time_t)seconds};
    wait.tv_nsec = (long)((seconds - (double)wait.tv_sec) * 1e9);
    return nanosleep(&wait, nullptr) == 0 ? 0 : 1;
}
