// What a program's memory holds, for reports: nothing is resolved or changed by looking.
#pragma once

#include "memory/space.h"

// Reads an aligned word; false if it is not present.
bool space_peek(struct space *space, uaddr_t address, uint64_t *value);
