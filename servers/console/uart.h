// The first serial port, a 16550 (National Semiconductor PC16550D, section 8). Polled for output,
// interrupts for input.
#pragma once

#include <abi/status.h>
#include <abi/types.h>

#include <stddef.h>

// Takes the port's I/O range and interrupt line, and has input signalled to the port `events` with
// `badge`. 115200 bits a second, 8 bits, no parity. Errors of io_create, irq_create and irq_bind.
status_t uart_open(handle_t io, handle_t irqs, handle_t events, uint64_t badge);

// Sends bytes and returns when the last one is out. ERR_IO: the device does not take them.
status_t uart_write(const char *text, size_t length);

// The next received byte; false if there is none.
bool uart_read(uint8_t *byte);

// Input has been read: lets the line signal again.
void uart_acknowledge(void);
