// What lies in RAM at boot and must stay: the kernel's image, the modules, the page on which other
// harts start. Host-tested.
#pragma once

#include "hal/boot.h"
#include "hal/x86_64/layout.h"

// Marks image, trampoline and modules in the list of regions. A module that does not lie in free
// RAM of its own is left out, with a note in `problem` (the last one, if there are several).
void boot_carve(struct boot_info *info, paddr_t image, uint64_t image_size, char *problem,
                size_t problem_size);
