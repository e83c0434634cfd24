#include "uart.h"

#include <baton/system.h>
#include <baton/time.h>

static constexpr uint32_t FIRST_PORT = 0x3f8, PORT_COUNT = 8, IRQ_LINE = 4;

// Registers, counted from the first port.
enum uart_register : uint8_t {
    DATA = 0,
    DIVISOR_LOW = 0,  // with LINE_DIVISOR
    INTERRUPTS = 1,
    DIVISOR_HIGH = 1, // with LINE_DIVISOR
    FIFO = 2,
    LINE = 3,
    MODEM = 4,
    STATE = 5,
};

static constexpr uint8_t INTERRUPT_RECEIVED = 0x01;
static constexpr uint8_t FIFO_ENABLE = 0x01; // what was typed before stays where it was enabled
static constexpr uint8_t LINE_8_BITS = 0x03, LINE_DIVISOR = 0x80;
static constexpr uint8_t MODEM_READY = 0x0b; // DTR, RTS, and OUT2, which lets the interrupt through
static constexpr uint8_t STATE_RECEIVED = 0x01, STATE_HOLDING_EMPTY = 0x20, STATE_ALL_SENT = 0x40;
static constexpr unsigned FIFO_SIZE = 16;
static constexpr uint64_t PATIENCE_NS = NS_PER_SECOND; // for 16 bytes: 1.4 ms at 115200

static handle_t ports, irq;

static uint8_t get(enum uart_register number)
{
    uint64_t value;
    return system_io_read(ports, number, 1, &value) == OK ? (uint8_t)value : 0;
}

static void put(enum uart_register number, uint8_t value)
{
    // Refused only without the port, and then reading tells it: the state says "not ready".
    (void)system_io_write(ports, number, 1, value);
}

static void set_up(void)
{
    put(INTERRUPTS, 0);
    put(LINE, LINE_DIVISOR);
    put(DIVISOR_LOW, 1);
    put(DIVISOR_HIGH, 0);
    put(LINE, LINE_8_BITS);
    put(FIFO, FIFO_ENABLE);
    put(MODEM, MODEM_READY);
    put(INTERRUPTS, INTERRUPT_RECEIVED);
}

static status_t bind(handle_t events, uint64_t badge)
{
    uint64_t notification;
    status_t status = system_notification_create(events, badge, &notification);
    if (status == OK)
        status = system_irq_bind(irq, (handle_t)notification, 1);
    return status == OK ? system_irq_acknowledge(irq) : status;
}

status_t uart_open(handle_t io, handle_t irqs, handle_t events, uint64_t badge)
{
    uint64_t handle;
    status_t status = system_io_create(io, FIRST_PORT, PORT_COUNT, &handle);
    if (status != OK)
        return status;
    ports = (handle_t)handle;
    status = system_irq_create(irqs, IRQ_LINE, 0, &handle);
    if (status != OK)
        return status;
    irq = (handle_t)handle;
    set_up();
    return bind(events, badge);
}

static status_t wait_for(uint8_t state)
{
    ticks_t deadline = 0;
    while ((get(STATE) & state) == 0) {
        if (deadline == 0)
            deadline = deadline_after(PATIENCE_NS);
        else if (ticks_now() > deadline)
            return ERR_IO;
    }
    return OK;
}

status_t uart_write(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        status_t status = i % FIFO_SIZE == 0 ? wait_for(STATE_HOLDING_EMPTY) : OK;
        if (status != OK)
            return status;
        put(DATA, (uint8_t)text[i]);
    }
    return wait_for(STATE_ALL_SENT);
}

bool uart_read(uint8_t *byte)
{
    if ((get(STATE) & STATE_RECEIVED) == 0)
        return false;
    *byte = get(DATA);
    return true;
}

void uart_acknowledge(void)
{
    (void)system_irq_acknowledge(irq); // the handle is this server's own
}
