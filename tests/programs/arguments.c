// Prints its arguments and environment, each in brackets on a line.

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    printf("%d\n", argc);
    for (int i = 0; i < argc; i++)
        printf("[%s]\n", argv[i]);
    for (char **variable = environ; *variable; variable++)
        printf("{%s}\n", *variable);
    return argv[argc] == nullptr ? 0 : 1;
}
