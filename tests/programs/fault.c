// Faults in the way that its argument says. Prints something first, so that it is seen to have run.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char constant[] = "constant";

static void touch(const char *how)
{
    uintptr_t place = 0;
    __asm__("" : "+r"(place)); // so that the compiler does not see through it
    if (strcmp(how, "read") == 0)
        printf("%d\n", *(volatile int *)place);
    else if (strcmp(how, "write") == 0)
        *(volatile int *)place = 1;
    else if (strcmp(how, "call") == 0)
        ((void (*)(void))place)();
    else if (strcmp(how, "constant") == 0)
        *(volatile char *)((uintptr_t)constant + place) = 'C';
    else if (strcmp(how, "address") == 0)
        printf("%d\n", *(volatile int *)(place + 0x123'4567'8000));
    else if (strcmp(how, "noncanonical") == 0)
        printf("%d\n", *(volatile int *)(place + 0x8000'0000'0000));
    else if (strcmp(how, "instruction") == 0)
        __asm__ volatile("ud2");
    else if (strcmp(how, "privileged") == 0)
        __asm__ volatile("hlt");
    else if (strcmp(how, "divide") == 0)
        __asm__ volatile("xor %%edx, %%edx\n\txor %%ecx, %%ecx\n\tdiv %%ecx" ::
                             : "rax", "rcx", "rdx");
    else if (strcmp(how, "breakpoint") == 0)
        __asm__ volatile("int3");
    else if (strcmp(how, "port") == 0)
        __asm__ volatile("outb %%al, $0x80" ::"a"(0));
}

int main(int argc, char **argv)
{
    puts("running");
    fflush(stdout);
    touch(argc > 1 ? argv[1] : "read");
    puts("still running");
    return 0;
}
