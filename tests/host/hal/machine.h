// A machine for host tests of memory code: so much memory, so many harts.
#pragma once

#include "hal/hal.h"
#include "hart/hart.h"
#include "memory/frame.h"

// Starts the machine, once: so much memory, with holes, a module and the kernel in it. This thread
// becomes hart 0. Tests leave as many frames free as they found.
void machine_start(unsigned megabytes, unsigned hart_number);

// Free frames, wherever they are.
uint64_t machine_free(void);

// From now on this thread runs as that hart.
void machine_switch(unsigned hart);

// What the harts' TLBs forget of what they hold under the tag that is loaded; a test may set these.
// `hart` is the one that runs.
extern void (*machine_page_flushed)(unsigned hart, uint64_t address);
extern void (*machine_space_loaded)(unsigned hart);

// Translations are tagged, as on processors with PCIDs (hal_space_switch). Off at first.
extern bool machine_tags;

// Each hart is a thread of its own, which polls. Otherwise this thread runs them all, and a hart
// that was asked to flush does so only while another waits for it: as late as it may.
extern bool machine_harts_are_threads;

// Loads a space on this hart by tlb_enter, or the kernel's own root.
struct space;
void machine_enter(struct space *space);

// What hal_largest_page_level says.
extern unsigned machine_largest_page;

// Bytes of memory, holes included.
extern uint64_t machine_size;

// Frames of the module that the memory map names.
static constexpr paddr_t MACHINE_MODULE = 0x300000;
static constexpr unsigned MACHINE_MODULE_FRAMES = 16;
