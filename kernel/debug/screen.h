// Text on the screen: EGA text mode or a framebuffer, whatever the boot loader has left. Output
// only, 16-line characters, scrolling.
#pragma once

#include "hal/boot.h"

// `pixels`: where the screen's memory is mapped. Clears the screen.
void screen_start(const struct boot_screen *screen, void *pixels);

// The same memory is mapped here from now on.
void screen_move(void *pixels);
bool screen_present(void);
void screen_write(const char *text, size_t length);

// Draws everything again, over whatever a program has drawn.
void screen_restore(void);
