// Freed-while-mapped canary: debug builds fill a frame when it is freed and look at it when it is
// used again. Whoever wrote meanwhile held a translation that should have been gone.
#pragma once

#include "memory/frame.h"

#ifdef BATON_DEBUG
static constexpr bool CANARY = true;
#else
static constexpr bool CANARY = false;
#endif

// The frame goes free: its contents become the pattern.
void canary_set(struct frame *frame);

// The frame, free until now, is used again: crashes if its contents have changed. `zeroed`: it was
// put into the stock as zeros.
void canary_verify(struct frame *frame, bool zeroed);
