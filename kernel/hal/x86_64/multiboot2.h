// The boot loader's tags (Multiboot2 specification 2.0, section 3.6), with every bound checked.
#pragma once

#include "hal/boot.h"

// Reads the tags into `info`, which is overwritten. `size_limit`: bytes that may be read at `tags`.
// The regions are what the firmware reported, with page 0 reserved; nothing is carved out yet.
// info->screen is the offset from `tags` of the tag about the screen; the caller makes use of it.
// False if the system cannot start from this (`problem` says why). True with a `problem` that is
// not empty: something was left out or repaired.
bool multiboot2_parse(const void *tags, size_t size_limit, struct boot_info *info, char *problem,
                      size_t problem_size);
