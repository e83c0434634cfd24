#include "debug/serial.h"

#include "hal/hal.h"
#include "hal/x86_64/io.h"

// Registers, as offsets; data sheet section 8, table II.
enum serial_register : uint8_t {
    REGISTER_DATA = 0,       // divisor, low byte, while LINE_DIVISOR is set
    REGISTER_INTERRUPTS = 1, // divisor, high byte
    REGISTER_FIFO = 2,
    REGISTER_LINE = 3,
    REGISTER_MODEM = 4,
    REGISTER_STATUS = 5,
    REGISTER_SCRATCH = 7,
};

static constexpr uint8_t LINE_8N1 = 0x03;
static constexpr uint8_t LINE_DIVISOR = 0x80;
static constexpr uint8_t FIFO_ON_CLEARED = 0x07;
static constexpr uint8_t MODEM_READY = 0x0b; // DTR, RTS, and OUT2, which passes interrupts on
static constexpr uint8_t MODEM_LOOPBACK = 0x1e;
static constexpr uint8_t STATUS_RECEIVED = 0x01;
static constexpr uint8_t STATUS_EMPTY = 0x20; // the transmitter's FIFO has room for all 16
static constexpr uint8_t STATUS_IDLE = 0x40;  // all that it had has been sent
static constexpr unsigned FIFO_SIZE = 16;
static constexpr uint8_t DIVISOR_115200 = 1;

// A character takes 87 microseconds, a read of a port about one: 16 characters come to 1,400.
static constexpr unsigned WAIT_LIMIT = 20'000;

static const uint16_t base[SERIAL_PORTS] = {0x3f8, 0x2f8};
static bool present[SERIAL_PORTS];

static bool wait_for(uint16_t port, uint8_t status) {
    for (unsigned i = 0; i < WAIT_LIMIT; i++)
        if ((io_read8(port + REGISTER_STATUS) & status) != 0)
            return true;
    return false;
}

// What is sent in loopback comes back, if there is a port (data sheet section 8.6.7).
static bool answers(uint16_t port) {
    io_write8(port + REGISTER_SCRATCH, 0xa5);
    if (io_read8(port + REGISTER_SCRATCH) != 0xa5)
        return false;
    io_write8(port + REGISTER_MODEM, MODEM_LOOPBACK);
    io_write8(port + REGISTER_DATA, 0x5a);
    return wait_for(port, STATUS_RECEIVED) && io_read8(port + REGISTER_DATA) == 0x5a;
}

static bool set_up(uint16_t port) {
    io_write8(port + REGISTER_INTERRUPTS, 0);
    io_write8(port + REGISTER_LINE, LINE_DIVISOR);
    io_write8(port + REGISTER_DATA, DIVISOR_115200);
    io_write8(port + REGISTER_INTERRUPTS, 0);
    io_write8(port + REGISTER_LINE, LINE_8N1);
    io_write8(port + REGISTER_FIFO, FIFO_ON_CLEARED);
    bool found = answers(port);
    io_write8(port + REGISTER_MODEM, MODEM_READY);
    return found;
}

void serial_start(void) {
    for (unsigned i = 0; i < SERIAL_PORTS; i++)
        present[i] = set_up(base[i]);
}

bool serial_present(enum serial_port port) { return present[port]; }

void serial_write(enum serial_port port, const char *text, size_t length) {
    if (!present[port])
        return;
    for (size_t i = 0; i < length; i++) {
        if (i % FIFO_SIZE == 0 && !wait_for(base[port], STATUS_EMPTY))
            return;
        io_write8(base[port] + REGISTER_DATA, (uint8_t)text[i]);
    }
}

void serial_drain(void) {
    for (unsigned i = 0; i < SERIAL_PORTS; i++)
        if (present[i])
            (void)wait_for(base[i], STATUS_IDLE);
}
