// Text on the screen: EGA text mode or a framebuffer, whatever the boot loader has left. Output
// only, 16-line characters, scrolling.
#pragma once

#include "hal/boot.h"

struct screen {
    paddr_t address;
    uint32_t width, height, pitch;
    uint8_t bits_per_pixel;
    bool text; // EGA text: width and height in characters
};

// Reads a boot loader's tag about the screen; false if it makes no sense.
bool screen_take(const void *tag, struct screen *screen);

// Clears the screen that a tag tells of, if it lies in the direct map, which ends at `limit` now.
void screen_start(const void *tag, paddr_t limit);

// Maps it as a device, once there are page tables; the direct map does not reach it any more.
void screen_move(void);
bool screen_present(void);
void screen_write(const char *text, size_t length);

// Draws everything again, over whatever a program has drawn.
void screen_restore(void);
