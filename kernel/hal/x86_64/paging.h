// The kernel's page tables: what boot_start needs beyond hal/paging.h.
#pragma once

#include "hal/paging.h"

// The early tables map this much at LAYOUT_DIRECT_MAP (boot.S).
static constexpr paddr_t EARLY_LIMIT = 4ull << 30;

// Builds the tables for the memory that `boot` describes and loads them. Uses boot_allocate on the
// same structure from then on, which therefore stays where it is.
void paging_start(struct boot_info *boot);
