// Address spaces and parcels: the page table is the only map. Entry encoding: entry_bits.h.
//
// Every operation decodes first (all checks and reservations), then commits (nothing can fail).
// Functions here take the space locks themselves; two spaces are locked lower address first. Slots
// and parcels are descriptors (include/abi/message.h) and are checked here: alignment, range below
// LAYOUT_LIMIT and above LAYOUT_LOWEST, all entries in one table, reserved bits.
//
// Rights. An entry is writable by right (and copy-on-write while it shares its target), and may
// come with the mark READ_ONLY: its holder cannot make it writable. Loans and gifts are READ_ONLY
// unless PARCEL_WRITABLE was asked for, which needs memory without that mark. A clone is a copy:
// its holder may always make it writable, and the original stays as it was. Whoever holds memory
// may make it executable when it is not writable at the same time; what travels in a message also
// needs ACCEPT_EXECUTABLE, and is not executable otherwise. Rights of inner entries are ANDed with
// those on the way to them: what the way lacks cannot be asked for below it (ERR_NO_RIGHT).
//
// Sharing. A table with several references is shared by clones: it is not changed. Whoever changes
// anything below gives its own way copies of the tables first (path_unshare), which changes no sum.
//
// Translations. System calls on memory and space_fault wait until every other hart has dropped what
// they removed. The functions for messages do not wait, since ports are locked around them: call
// tlb_wait (memory/tlb.h) with no lock held before the receiver of a parcel can run.
#pragma once

#include "hal/hal.h"
#include "memory/account.h"
#include "memory/frame.h"
#include "sync/spinlock.h"

// Each space counts its generations in a range of its own, so that what a hart noted of one never
// fits another. The range's number, in so many bits as there are, tags the space's translations.
static constexpr uint64_t GENERATION_STEP = 1ull << 40;

// The way from a space's root to the table in which slots lie (memory/path.h).
struct path {
    struct frame *table[LEVELS]; // [level - 1], from the slots' own table to the root
    _Atomic(entry_t) *cells;     // the slot's, or the one that ended the way
    unsigned level;              // of `cells`
    uint64_t all, any;           // AND and OR of the entries on the way
};

struct space {
    struct spinlock lock;
    paddr_t root;
    struct account *account;
    _Atomic uint64_t generation; // counts removals and reductions of present entries
    _Atomic uint32_t runners;    // threads that have not ended: with one, a lender waits
    bool resident;               // may take the frames that are kept (frames_keep)
    // Windows for landing, by level less one; the free ones form a list through their entries.
    uaddr_t landing_first[LEVELS];    // 0: none
    uint32_t landing_windows[LEVELS]; // prepared, free or taken
    // Ways that were found lately (memory/straight.h) to its memory, and to where parcels land or
    // clones go; level 0: none. `way_to`: somewhere in what the table of slots maps. What was cut
    // off may still be in `all` and `any`.
    struct path way[2];
    uaddr_t way_to[2];
    // Set before anything runs here, from then on as it is: whose cookies stand here, if anybody's,
    // and where that space has a bit for each of the first ones.
    struct space *pager;
    uaddr_t unseen;
    uint32_t unseen_bits;
};

// Forgets what was found below entries of a level.
static inline void ways_cut(struct space *space, unsigned level) REQUIRES(space->lock) {
    for (unsigned i = 0; i < 2; i++)
        if (__builtin_expect(space->way[i].level - 1 < level - 1, 0))
            space->way[i].level = level;
}

// For whoever takes entries of a level out of their places, shares, marks or protects them: what
// was found below them holds no longer. All others may take the lock as it is.
static inline void space_lock(struct space *space, unsigned level) ACQUIRE(space->lock) {
    spinlock_acquire(&space->lock);
    ways_cut(space, level);
}

// Windows that a space can have prepared at a level: taking some back looks at all of them.
static constexpr uint32_t LANDING_LIMIT = 2048;

// An empty space, in zeroed memory: a root whose upper half is the kernel's. Charges the root.
// ERR_NO_MEMORY, ERR_NO_FRAME.
status_t space_create(struct space *space, struct account *account);

// Unlinks and refunds all that is in it. No hart has it loaded, nothing is lent or borrowed any
// more. Frames are freed in pieces: each call frees a few tables of those that wait, from whatever
// space, and returns true when none waits any more, else call again.
bool space_destroy(struct space *space);

// This space's pager learns of cookies that are freed here, by bits in pages of its own, of level 1
// (0: it does not). They are to be there, and nobody else's: what has no bit is not marked.
// ERR_BAD_SLOT, ERR_BAD_ARGUMENT.
status_t space_pager_set(struct space *space, struct space *pager, parcel_t unseen);

// --- system calls on one space or two (errors: include/abi/system_calls.h) -----------------------
status_t memory_create(struct space *space, parcel_t slots, uint64_t kind);
status_t memory_free(struct space *space, parcel_t slots);
status_t memory_clone(struct space *space, parcel_t source, uaddr_t destination);
status_t memory_protect(struct space *space, parcel_t slots);
status_t memory_regroup(struct space *space, parcel_t slots, bool join); // or split
status_t space_fork(struct space *parent, struct space *child);
status_t slot_prepare(struct space *space, parcel_t slots, uint32_t window);
status_t slot_release(struct space *space, parcel_t slots);
status_t parcel_query(struct space *space, uaddr_t address, uint64_t *description,
                      uint64_t *charge);

// Looks for a page that can go and has not been touched since it was last looked at; moves it.
status_t memory_evict(struct space *from, uaddr_t address, uint64_t cookie, struct space *to,
                      uaddr_t destination, uaddr_t *next, uaddr_t *taken);

// As parcel_move, or if there is a cookie, of a page to where it still stands, which has been
// charged for it; what that entry does not allow is left out of the rights. ERR_OCCUPIED: it does
// not stand there. Waits for nobody: tlb_wait follows.
status_t parcel_move_for(struct space *from, parcel_t source, struct space *to,
                         uaddr_t destination, const uint64_t *cookie);

// --- parcels in messages -------------------------------------------------------------------------

// What a receiver accepts (system call accept).
struct acceptance {
    uint64_t charge;
    uint32_t flags, handles;
};

// Checks that a parcel may travel in its mode, and marks it in flight: from now until parcel_pass
// or parcel_unmark its entries can be touched but not given, freed, cloned, protected or sent.
// ERR_BAD_SLOT, ERR_EMPTY (nothing there), ERR_AWAY, ERR_BUSY, ERR_NO_RIGHT (writable asked of what
// came read-only, or together with executable), ERR_NO_FRAME, ERR_BAD_ARGUMENT.
status_t parcel_mark(struct space *from, parcel_t parcel);
void parcel_unmark(struct space *from, parcel_t parcel);

// Moves a parcel (marked, or not and then checked like parcel_mark) into the receiver's next window
// that fits. All or nothing, and what was marked stays so after an error: ERR_NO_SLOT if no window
// or not enough charge was accepted, ERR_EMPTY if it has holes and ACCEPT_HOLES was not accepted,
// ERR_NO_MEMORY if the receiver's account has no room; errors of parcel_mark. What the receiver
// does not accept (executable) or may not have is left out of the rights that land.
// `landed`: the descriptor for the receiver, with granted rights and PARCEL_HOLES; `charge`: frames
// that the parcel charges (a gift or clone: now the receiver's; a loan: stays the sender's).
// A gift needs no table, so nothing is allocated.
status_t parcel_pass(struct space *from, parcel_t parcel, bool marked, struct space *to,
                     const struct acceptance *acceptance, parcel_t *landed, uint64_t *charge);

// A loan comes home: what the borrower's slots hold now goes back to the lender's, and the
// borrower's window is free again. ERR_BUSY: some of it is lent on (nothing changed).
status_t parcel_return(struct space *borrower, parcel_t landed, struct space *lender,
                       parcel_t home);

// --- faults --------------------------------------------------------------------------------------

enum access : uint8_t { ACCESS_WRITE = 1 << 0, ACCESS_EXECUTE = 1 << 1 };

enum fault_outcome : uint8_t {
    FAULT_RESOLVED,   // ZERO, copy-on-write, or another hart was faster: run on
    FAULT_ZEROING,    // a piece of a large page was zeroed: touch it again
    FAULT_EMPTY,      // nothing there
    FAULT_PROTECTION, // there, but not with this right
    FAULT_LENT,       // comes back with a reply: wait
    FAULT_PAGER,      // cookie: ask the pager
    FAULT_NO_FRAME,   // memory was granted but no frame is free
    FAULT_UNUSUAL,    // ask space_fault (memory/fault_fast.h)
};

// Resolves what needs no policy. Takes the lock; any address.
enum fault_outcome space_fault(struct space *space, uaddr_t address, uint8_t access,
                               uint64_t *cookie);

// The kernel's own address of a page of a program, resolved like a touch; nullptr if it is not
// there with that right. Valid while the caller holds the lock; call tlb_wait after releasing it.
void *space_page_locked(struct space *space, uaddr_t address, bool write) REQUIRES(space->lock);

// Links frames of a boot module, neighbours from `first` on, into empty slots of level 1, charging
// them; used by module_open and the boot reader. ERR_BAD_SLOT, ERR_OCCUPIED, ERR_BUSY,
// ERR_NO_RIGHT, ERR_NO_MEMORY, ERR_NO_FRAME, ERR_BAD_ARGUMENT.
status_t space_link_pages(struct space *space, struct frame *first, parcel_t slots);

// Is part of a borrowed parcel lent on at the moment?
bool parcel_lent_on(struct space *borrower, parcel_t landed);

// --- checking ------------------------------------------------------------------------------------

// Walks the space and compares every sum, mark and list with a recount; returns the number of
// errors and describes the first in `text`. Takes the lock.
unsigned space_check(struct space *space, char *text, size_t size);

// Checks all spaces that there are, and what lies between them: references of each frame equal the
// links found, what is writable has one reference, `used` equals the walk plus the frames of kernel
// objects. No other hart changes memory meanwhile, or it may see what is on its way.
unsigned memory_check_all(struct space *const *spaces, unsigned count, char *text, size_t size);
