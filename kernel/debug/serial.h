// The two serial ports of a PC, 16550 (National Semiconductor PC16550D data sheet), by polling.
// Nothing waits for ever: a port that stops taking characters loses them.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum serial_port : uint8_t { SERIAL_TERMINAL, SERIAL_LOG, SERIAL_PORTS };

// Finds out which ports exist and sets them up: 115200 baud, 8 bits, no parity, FIFOs on,
// interrupts off.
void serial_start(void);

bool serial_present(enum serial_port port);
void serial_write(enum serial_port port, const char *text, size_t length);

// Waits until the last character is on the line: what is left is lost when the power goes off.
void serial_drain(void);
