// Text on the screen: EGA text mode or a framebuffer, whatever the boot loader has left. Output
// only, 16-line characters, scrolling.
#pragma once

#include "hal/boot.h"

// Clears the screen, if it lies in the direct map, which ends at `limit` so far.
void screen_start(const struct boot_screen *screen, paddr_t limit);

// Maps it as a device, once there are page tables; the direct map does not reach it any more.
void screen_move(void);
bool screen_present(void);
void screen_write(const char *text, size_t length);

// Draws everything again, over whatever a program has drawn.
void screen_restore(void);
