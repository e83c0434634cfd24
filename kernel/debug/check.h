// Walks the whole system and compares what is counted with what is there (design section 10).
#pragma once

#include <stddef.h>

// Number of equations that do not hold; the first is described in `text`. Other harts should be
// idle.
unsigned system_check(char *text, size_t size);
