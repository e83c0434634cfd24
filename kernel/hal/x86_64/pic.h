// The legacy pair of interrupt controllers (8259A): moved out of the exceptions' way to
// VECTOR_LEGACY, all lines masked, never used otherwise.
#pragma once

#include <stdint.h>

void pic_disable(void);

// A line that went away before it was acknowledged arrives as the controller's line 7 all the
// same. True if `vector` is such a spurious interrupt, which is not to be acknowledged; at the
// second controller the first has been told.
bool pic_spurious(uint8_t vector);
