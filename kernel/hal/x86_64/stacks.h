// The stacks on which a hart takes double faults, NMIs and machine checks.
#pragma once

struct hart;

// Maps a hart's interrupt stacks, each above a page that stays unmapped, and enters them in its
// task state; a second call does nothing. Only on the boot hart, when there are frames. False if
// no frame is left.
bool stacks_create(struct hart *hart);
