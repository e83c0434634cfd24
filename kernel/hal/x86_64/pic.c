// Intel 8259A data sheet (231468-003): initialisation command words, "spurious" in the text on IR7.
#include "hal/x86_64/pic.h"

#include "hal/hal.h"
#include "hal/x86_64/io.h"

static constexpr uint16_t FIRST = 0x20;  // command; the next port is data
static constexpr uint16_t SECOND = 0xa0; // cascaded at line 2 of the first

static constexpr uint8_t INITIALIZE = 0x11;       // ICW1: edge, cascaded, ICW4 follows
static constexpr uint8_t MODE_8086 = 0x01;        // ICW4
static constexpr uint8_t END_OF_INTERRUPT = 0x20; // OCW2
static constexpr uint8_t READ_IN_SERVICE = 0x0b;  // OCW3
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

// A line that went away before it was acknowledged arrives as the controller's line 7 all the same;
// where the second controller did that, the first is told.
static bool line_7_in_service(uint16_t port) {
    io_write8(port, READ_IN_SERVICE);
    return io_read8(port) & 0x80;
}

bool hal_interrupt_spurious(uint8_t vector) {
    if (vector == VECTOR_SPURIOUS)
        return true;
    if (vector == VECTOR_LEGACY + 7)
        return !line_7_in_service(FIRST);
    if (vector == VECTOR_LEGACY + 15 && !line_7_in_service(SECOND)) {
        io_write8(FIRST, END_OF_INTERRUPT); // for its cascade line, which was real
        return true;
    }
    return false;
}
