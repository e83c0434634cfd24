// Free frames in blocks of 2^order, each aligned to its size; neighbours that are both free become
// one block. Below the frame caches; one lock of its own.
#pragma once

#include "memory/frame.h"

// A free block of that order, out of the lists; nullptr if there is none, or fewer than `least`
// frames would be left here. Its frames are free.
struct frame *buddy_take(unsigned order, uint64_t least);

// Puts a block in; its frames are FRAME_FREE and belong to nobody.
void buddy_put(struct frame *frame, unsigned order);

// The same for so many frames, which are taken off a list.
void buddy_put_list(uint32_t *list, unsigned count);

// Order of the largest free block; -1 if nothing is free.
int buddy_largest(void);
