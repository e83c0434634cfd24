// Memory that travels: where parcels land, where they are kept, and pages to send.
//
// A landing window is a run of prepared slots that takes one arriving parcel. All windows of a
// program have one size, so that small parcels cannot take the room of large ones. A loan's window
// is ready again when the loan has gone home. A gift dissolves its window: who receives one takes
// it out (landing_take) or frees it (landing_free); both prepare the window again.
//
// All of it is for one thread; nothing here blocks.
#pragma once

#include <abi/message.h>
#include <abi/status.h>

#include <stddef.h>

// The most pages that one allocation here holds, as one parcel does.
static constexpr unsigned SLOTS_MAXIMUM = PARCEL_ENTRIES;

// --- landing -------------------------------------------------------------------------------------

// Adds windows to those there are, which are 4 of 16 pages at the least. All get so many pages (a
// power of two), or what they have if that is more; and what this thread accepts becomes a gift
// that fills one, and four handles. Costs a page table for each 512 pages. ERR_NO_MEMORY;
// ERR_TOO_MANY (8 sizes, or no address left); ERR_BAD_ARGUMENT.
status_t landing_prepare(unsigned windows, unsigned pages);

// Makes the 4 windows of 16 pages unless there are windows already. Stubs and server loops call it
// before the first message that may bring a parcel; who receives by hand calls it first. Errors as
// above.
status_t landing_prepare_default(void);

// Has this thread accept four handles with a message, and gifts as before. landing_prepare and
// landing_prepare_default do this too. Errors of accept.
status_t handles_accept(void);

// Prepares the window that `address` lies in again; it must be empty. ERR_BAD_SLOT: not in a
// window; ERR_OCCUPIED.
status_t landing_restore(uaddr_t address);

// Frees a gift that has landed, and prepares its window again.
status_t landing_free(parcel_t landed);

// Moves a gift that has landed to an empty place of one's own (page-aligned), with the rights that
// it has, and prepares its window again. ERR_NO_MEMORY, ERR_OCCUPIED, ERR_BAD_SLOT: it still lies
// in the window.
status_t landing_take(parcel_t landed, uaddr_t destination);

// --- addresses and pages -------------------------------------------------------------------------

// So many neighbouring empty pages of address space (1 to SLOTS_MAXIMUM, all in one table), or 0 if
// none are free. They hold nothing and cost nothing until something is put there.
uaddr_t slots_allocate(unsigned pages);

// Gives back addresses of slots_allocate, which must be empty.
void slots_free(uaddr_t address, unsigned pages);

// Zeroed, writable pages of one's own (1 to SLOTS_MAXIMUM). ERR_NO_MEMORY, ERR_NO_FRAME.
status_t pages_allocate(unsigned pages, void **address);

// Empties slots of any level, whatever has been moved out meanwhile. ERR_BAD_SLOT, ERR_BUSY.
status_t parcel_free(parcel_t slots);

// Frees pages of pages_allocate, or what else lies at slots of slots_allocate.
void pages_free(void *address, unsigned pages);

// Descriptor of pages at an address, for a mode.
static inline parcel_t pages_parcel(uaddr_t address, unsigned pages, enum parcel_mode mode,
                                    uint64_t rights)
{
    return parcel_make(address, 1, pages, mode, rights);
}

static inline unsigned pages_for(uint64_t bytes)
{
    return (unsigned)((bytes + PAGE_SIZE - 1) >> PAGE_BITS);
}
