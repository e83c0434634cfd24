// The legacy pair of interrupt controllers (8259A): moved out of the exceptions' way to
// VECTOR_LEGACY, all lines masked, never used otherwise.
#pragma once

void pic_disable(void);
