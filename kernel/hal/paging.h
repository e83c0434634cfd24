// The kernel's own half of every address space, and memory before there are frames.
//
// The upper half's top-level entries are made at boot and never change afterwards, so a new
// address space copies all 256 of them once and never goes stale. Entries of areas that can still
// grow (stacks, devices) have their level-3 table from the start; areas that nobody can ever use
// have none. Only the boot hart calls these functions, one at a time, except where noted.
#pragma once

#include "hal/hal.h"

// Memory for ever, in whole pages, zeroed; from the top of the highest free region that has room,
// whose rest stays BOOT_FREE. Once there are frames (frames_initialize) it is a frame, and the size
// one page at most. Crashes if there is none left.
paddr_t boot_allocate(uint64_t size);

// Maps kernel memory, in whole pages, with the largest pages that fit. Flags: ENTRY_WRITE,
// ENTRY_NO_EXECUTE, ENTRY_NO_CACHE, ENTRY_WRITE_THROUGH; the rest is added. Nothing may be mapped
// there before. Other harts see it without a flush.
void paging_map(uint64_t virtual, paddr_t physical, uint64_t size, entry_t flags);

// Makes a kernel stack of `size` bytes, of frames; what lies below it must never be mapped, so that
// an overflow faults. False if there are no frames left.
bool paging_map_stack(uint64_t bottom, uint64_t size);

// Maps device memory, uncached and writable, at the next free place of LAYOUT_DEVICES. The result
// points to `physical` itself, which need not be aligned. Stays for ever.
void *paging_map_device(paddr_t physical, size_t size);

// Makes firmware tables readable that lie outside the direct map (RAM and ACPI regions lie inside).
// Returns their address there.
const void *paging_map_tables(paddr_t physical, size_t size);

// True if a kernel address can be read. Any hart.
bool paging_is_mapped(uint64_t virtual);

// The kernel's own root: its upper half is the model for all others, its lower half is empty.
// Any hart.
paddr_t paging_kernel_root(void);

// Walks all kernel tables. Crashes if anything is both writable and executable, if text or
// constants are writable anywhere, or if the lower half is not empty; logs a summary.
void paging_check(void);
