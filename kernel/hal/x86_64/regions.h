// A list of physical memory regions: sorted by address, not overlapping, on page boundaries,
// neighbours of one kind joined. Plain data, host-tested; built by painting, where the later coat
// covers.
#pragma once

#include "hal/boot.h"

// No RAM is used above: the direct map ends there (LAYOUT_DIRECT_MAP).
static constexpr paddr_t REGIONS_LIMIT = 64ull << 40;

// Covers [start, start + size) with a kind, whatever was there. Sizes that wrap are cut at the
// limit. Free memory is rounded to the pages that lie wholly inside, anything else to all pages
// touched. False if the list is full: then less is free than could be, but never too much.
bool region_paint(struct boot_info *info, paddr_t start, uint64_t size, enum boot_region_kind kind);

// Cuts `size` bytes (whole pages) off the top of the highest free region that has room below
// `limit`, and makes them BOOT_KERNEL; aligned for large pages if that large. 0 if there is no such
// region.
paddr_t region_take(struct boot_info *info, uint64_t size, paddr_t limit);

// The region that holds an address; nullptr for none.
const struct boot_region *region_find(const struct boot_info *info, paddr_t address);

// Marks what lies in RAM at boot and must stay: the kernel's image, the page on which other harts
// start, the modules. A module that does not lie in free RAM of its own is left out, with a note in
// `problem` (the last one, if there are several).
void boot_carve(struct boot_info *info, paddr_t image, uint64_t image_size, char *problem,
                size_t problem_size);
