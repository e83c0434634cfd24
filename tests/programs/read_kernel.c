// Reads, writes or calls the kernel's half of the address space, where its argument says.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    uintptr_t address = argc > 1 ? strtoull(argv[1], nullptr, 0) : 0xffff'ffff'8000'0000;
    const char *how = argc > 2 ? argv[2] : "read";
    puts("running");
    fflush(stdout);
    if (strcmp(how, "write") == 0)
        *(volatile uint64_t *)address = 0;
    else if (strcmp(how, "call") == 0)
        ((void (*)(void))address)();
    else
        printf("0x%llx\n", (unsigned long long)*(volatile uint64_t *)address);
    puts("still running");
    return 0;
}
