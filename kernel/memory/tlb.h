// Translations that harts may still hold. Design section 4, "TLB".
#pragma once

#include "memory/space.h"

// After entries of `space` were removed, replaced or reduced: bumps its generation, drops this
// hart's translations if it has the space loaded, and asks other harts that run it now to drop
// theirs. One page: INVLPG; more, or after a copy-on-write break of a table: all of the space's.
// Must be called before the frames can be used for anything else. Called with space->lock held:
// requests are posted, and waited for by tlb_wait after the lock is released.
void tlb_changed(struct space *space, uaddr_t address, uint64_t pages) REQUIRES(space->lock);

// Waits until every hart that was asked has dropped what it held. No lock is held. Cheap if none was asked.
void tlb_wait(void);
