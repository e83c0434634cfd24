// The memory tests' machine, whose table of harts gives way to the scheduler's own.
#define harts memory_harts
#define hart_count memory_hart_count
#include "../hal/machine.c"
