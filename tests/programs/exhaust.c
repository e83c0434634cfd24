// exhaust [KIB]: takes memory in pieces until there is no more, uses all of it, and says so.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    size_t piece = (argc > 1 ? strtoul(argv[1], nullptr, 10) : 256) * 1024;
    unsigned long taken = 0;
    char *memory;
    puts("running");
    while ((memory = malloc(piece))) {
        memset(memory, 0x55, piece);
        __asm__ volatile("" ::"r"(memory) : "memory"); // else the compiler leaves all of it out
        taken += piece / 1024;
    }
    printf("%s after %s\n", strerror(errno), taken > 1024 ? "more than 1 MiB" : "nothing");
    return errno == ENOMEM ? 3 : 1;
}
