// The text is kept as cells in memory. When the last line is full half of it scrolls away, and only
// cells that change are drawn, because reading a framebuffer and filling all of it are slow.
#include "debug/screen.h"

#include "debug/font.h"
#include "debug/log.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "hal/x86_64/io.h"

LOG_MODULE(LOG_BOOT);

// A large screen uses its upper left part.
static constexpr unsigned COLUMNS = 128, ROWS = 64;
static constexpr unsigned CELL_WIDTH = 8, CELL_HEIGHT = 16;
static constexpr unsigned DOUBLED = 14; // lines of a cell that show a line of the font twice
static constexpr uint8_t TEXT_COLOR = 0x07; // light grey on black

static struct screen screen;
static char *pixels; // nullptr: no screen
static unsigned columns, rows, column, row;
static char cell[ROWS][COLUMNS];

// The font's seven upper lines are shown twice, what hangs below the base line once.
static uint8_t glyph_bits(char character, unsigned y) {
    unsigned line = y < DOUBLED ? y / 2 : FONT_HEIGHT - (CELL_HEIGHT - y);
    if (character < (char)FONT_FIRST || character > (char)FONT_LAST)
        return 0;
    return font[character - FONT_FIRST][line];
}

// White is all ones in every format.
static void draw_pixels(char *at, uint8_t bits) {
    unsigned bytes = screen.bits_per_pixel / 8;
    for (unsigned x = 0; x < CELL_WIDTH; x++, at += bytes) {
        uint32_t color = bits >> (CELL_WIDTH - 2 - x) & 1 ? ~0u : 0;
        if (bytes == 4)
            *(uint32_t *)(void *)at = color;
        else
            for (unsigned i = 0; i < bytes; i++)
                at[i] = (char)color;
    }
}

static void draw_cell(unsigned r, unsigned c) {
    char character = cell[r][c];
    if (screen.text) {
        uint16_t code = (uint16_t)(TEXT_COLOR << 8 | (uint8_t)character);
        *(volatile uint16_t *)(void *)(pixels + r * screen.pitch + c * 2) = code;
        return;
    }
    char *at = pixels + (size_t)r * CELL_HEIGHT * screen.pitch +
               (size_t)c * CELL_WIDTH * (screen.bits_per_pixel / 8);
    for (unsigned y = 0; y < CELL_HEIGHT; y++, at += screen.pitch)
        draw_pixels(at, glyph_bits(character, y));
}

static void set_cell(unsigned r, unsigned c, char character) {
    if (cell[r][c] == character)
        return;
    cell[r][c] = character;
    draw_cell(r, c);
}

static void scroll(void) {
    unsigned lines = rows / 2;
    for (unsigned r = 0; r < rows; r++)
        for (unsigned c = 0; c < columns; c++)
            set_cell(r, c, r + lines < rows ? cell[r + lines][c] : ' ');
    row -= lines;
}

static void next_line(void) {
    column = 0;
    if (++row == rows)
        scroll();
}

static void put(char character) {
    if (character == '\n') {
        next_line();
    } else if (character == '\r') {
        column = 0;
    } else if (character == '\b') {
        column -= column > 0;
    } else {
        if (column == columns)
            next_line();
        set_cell(row, column++, character);
    }
}

bool screen_present(void) {
    return pixels != nullptr;
}

void screen_write(const char *text, size_t length) {
    for (size_t i = 0; pixels != nullptr && i < length; i++)
        put(text[i]);
}

void screen_restore(void) {
    for (unsigned r = 0; pixels != nullptr && r < rows; r++)
        for (unsigned c = 0; c < columns; c++)
            draw_cell(r, c);
}

static unsigned at_most(unsigned value, unsigned limit) { return value < limit ? value : limit; }

static size_t screen_size(void) {
    return (size_t)screen.pitch * screen.height;
}

void screen_move(void) {
    if (pixels != nullptr)
        pixels = paging_map_device(screen.address, screen_size());
}

void screen_start(const void *tag, paddr_t limit) {
    if (!screen_take(tag, &screen)) {
        log_warning("the screen (%u x %u, %u bits) is not used", screen.width, screen.height,
                    screen.bits_per_pixel);
        return;
    }
    if (screen.address + screen_size() > limit)
        return;
    columns = at_most(screen.text ? screen.width : screen.width / CELL_WIDTH, COLUMNS);
    rows = at_most(screen.text ? screen.height : screen.height / CELL_HEIGHT, ROWS);
    if (columns == 0 || rows < 2)
        return;
    if (screen.text) { // no cursor: CRT controller, cursor start register, bit 5
        io_write8(0x3d4, 0x0a);
        io_write8(0x3d5, 1 << 5);
    }
    memset(cell, ' ', sizeof cell);
    pixels = physical_to_virtual(screen.address);
    screen_restore();
}
