// Intel 8259A data sheet (231468-003): initialisation command words.
#include "hal/x86_64/pic.h"

#include "hal/x86_64/io.h"
#include "hal/x86_64/layout.h"

static constexpr uint16_t FIRST = 0x20;  // command; the next port is data
static constexpr uint16_t SECOND = 0xa0; // cascaded at line 2 of the first

static constexpr uint8_t INITIALIZE = 0x11; // ICW1: edge, cascaded, ICW4 follows
static constexpr uint8_t MODE_8086 = 0x01;  // ICW4
static constexpr uint8_t MASK_ALL = 0xff;

static void initialize(uint16_t port, uint8_t vector, uint8_t cascade) {
    io_write8(port, INITIALIZE);
    io_write8(port + 1, vector);
    io_write8(port + 1, cascade);
    io_write8(port + 1, MODE_8086);
    io_write8(port + 1, MASK_ALL);
}

void pic_disable(void) {
    initialize(FIRST, VECTOR_LEGACY, 1 << 2);
    initialize(SECOND, VECTOR_LEGACY + 8, 2);
}
