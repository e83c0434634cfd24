// Translations that harts may still hold. Design section 4, "TLB".
//
// Every removal, replacement or reduction of a present entry counts up the space's generation. A
// hart notes the generation when it loads a space, compares it whenever it enters the space to run
// user code, and reloads if it differs. Harts that run the space at that moment are asked to flush:
// they are found by reading struct hart, which works because each side writes before it reads:
//
//     remover                           hart that enters
//     change entries                    hart->space = space
//     generation++ (a full barrier)     load the root (serialising)
//     read hart->space                  hart->generation = space->generation
//
// The fast path loads roots without noting the generation: a hart then remembers an older one, or
// another space's (no two spaces share a value), and reloads once too often.
//
// With PCIDs translations stay while other spaces are loaded. Each hart remembers, by tag, which
// generation of which space it has them of, and loads without dropping them if that is still the
// space's generation. Spaces may share a tag: the later one finds the other's generation, and drops
// what is there. Here the generation is read before the load, behind a full barrier.
//
// Requests are posted under the space's lock and waited for by tlb_wait, mostly with no lock held.
// Until then nothing that was unlinked may be used for anything else: entries go by tlb_release,
// and no receiver of a parcel may run. Where no other hart runs the space all of this is a few
// tests.
#pragma once

#include "hart/hart.h"
#include "memory/entry.h"
#include "memory/space.h"

// Loads the address space if another is loaded, or if what was removed from it since is still owed.
static inline void tlb_enter(struct hart *hart, struct space *space) {
    if (__c11_atomic_load(&hart->space, __ATOMIC_RELAXED) == space &&
        hart->generation == __c11_atomic_load(&space->generation, __ATOMIC_ACQUIRE))
        return;
    // Loading the root, which serialises, makes this visible before any translation is cached.
    __c11_atomic_store(&hart->space, space, __ATOMIC_RELAXED);
    hart->counters.space_loads++;
    hal_space_switch(space->root);
    hart->generation = __c11_atomic_load(&space->generation, __ATOMIC_ACQUIRE);
}

// After entries of `space` were changed by a system call of its own: drops this hart's translations
// at once if it runs the space. One page: INVLPG; more: all of the space's.
void tlb_changed(struct space *space, uaddr_t address, uint64_t pages) REQUIRES(space->lock);

// The same on the way of a message: this hart pays when it next enters a space, for free if that is
// another one.
void tlb_owed(struct space *space) REQUIRES(space->lock);

// A page that the only thread of a space has lent stays in TLBs: nobody uses it while that thread
// waits, and it comes home with the same page almost always. Where it does not, and before a thread
// of the space runs while the loan is out, this makes harts drop it when they next enter the space.
// Nothing of the space runs now, so none is asked.
void tlb_lender_stale(struct space *space);

// Waits until all that anybody has asked of any hart is done. No lock is held.
void tlb_wait_all(void);

// Waits until every hart that was asked has dropped what it held. No lock is held. Does next to
// nothing if none was asked.
static inline void tlb_wait(void) {
    if (__builtin_expect(hart_self()->flush_asked, 0))
        tlb_wait_all();
}

// Lets go of an entry that was replaced before tlb_changed or tlb_owed: at once, or in tlb_wait if
// another hart was asked.
void tlb_release(entry_t entry, unsigned level);
