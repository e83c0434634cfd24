// Ends with the status that its argument says, by exit; with "abort" by abort.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "abort") == 0)
        abort();
    printf("before the end"); // without a newline: exit has to write it
    exit(argc > 1 ? atoi(argv[1]) : 0);
}
