// Executes what is not code: bytes in data, on the stack, in the heap, in the start page.

#include <baton/start.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char code[] = {0xc3}; // ret

static void run(const void *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

int main(int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "data";
    unsigned char stack[16];
    memcpy(stack, code, sizeof code);
    unsigned char *heap = malloc(16);
    memcpy(heap, code, sizeof code);
    puts("running");
    fflush(stdout);
    if (strcmp(where, "data") == 0)
        run(code);
    else if (strcmp(where, "stack") == 0)
        run(stack);
    else if (strcmp(where, "heap") == 0)
        run(heap);
    else
        run(start_page());
    puts("still running");
    return 0;
}
