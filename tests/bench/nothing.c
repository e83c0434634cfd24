// The smallest program: what starting one costs.

int main(void)
{
    return 0;
}
