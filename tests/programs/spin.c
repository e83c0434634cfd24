// Never ends and never waits: what a time-out has to end.
int main(void)
{
    for (;;) {
    }
}
