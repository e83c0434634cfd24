// A bitmap font, drawn for Baton: ASCII 32 to 126, five columns by nine lines (seven above the base
// line, two below). Bit 4 is the leftmost column.
#pragma once

#include <stdint.h>

static constexpr unsigned FONT_FIRST = 32, FONT_LAST = 126;
static constexpr unsigned FONT_WIDTH = 5, FONT_HEIGHT = 9;

extern const uint8_t font[FONT_LAST - FONT_FIRST + 1][FONT_HEIGHT];
