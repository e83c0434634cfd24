// The smallest C program, linked statically.

int main(void)
{
    return 0;
}
