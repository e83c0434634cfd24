// <arch.h> for host tests of memory code: simulated physical memory and simulated harts.
//
// Physical memory is one arena, address 0 at its start. The frame database is an array beside it.
// A host thread runs as one hart at a time (machine_switch); its translations are a test's business
// (machine_page_flushed, machine_space_loaded).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hal/boot.h"
#include "hal/x86_64/entry_bits.h"

static constexpr unsigned HART_LIMIT = 16;

enum vector : uint8_t {
    VECTOR_NO_VECTORS = 7,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_TIMER = 240,
    VECTOR_WAKE = 241,
    VECTOR_FLUSH = 242,
};

struct registers {
    uint64_t rip;
};

struct hart_arch {
    uint64_t root; // of the space that is loaded
    unsigned tag;  // of its translations
};

struct hart;
struct frame;

static constexpr unsigned SPACE_TAGS = 4; // few, so that spaces share some

extern char *machine_memory;
extern struct frame *machine_frames;
extern thread_local struct hart *machine_hart;

#define LAYOUT_FRAMES ((uintptr_t)machine_frames)

static inline void *physical_to_virtual(paddr_t address) { return machine_memory + address; }

static inline paddr_t virtual_to_physical(const void *address) {
    return (uint64_t)((const char *)address - machine_memory);
}

static inline struct hart *hart_self(void) { return machine_hart; }

static inline uint64_t hal_ticks(void) { return __builtin_ia32_rdtsc(); }

void hal_pause(void);
void hal_page_flush(uint64_t address);
void hal_space_load(paddr_t root);
void hal_space_load_tagged(paddr_t root, unsigned tag, bool keep);
void hal_space_switch(paddr_t root);
void hal_space_flush(void);
