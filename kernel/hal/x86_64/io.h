// I/O ports (Intel SDM vol. 1 chapter 19): io_read8(port), io_write8(port, value), and the same for
// 16 and 32 bits.
#pragma once

#include <stdint.h>

#define IO_WIDTH(bits, letter)                                                                     \
    static inline uint##bits##_t io_read##bits(uint16_t port) {                                    \
        uint##bits##_t value;                                                                      \
        __asm__ volatile("in" letter " %1, %0" : "=a"(value) : "Nd"(port));                        \
        return value;                                                                              \
    }                                                                                              \
    static inline void io_write##bits(uint16_t port, uint##bits##_t value) {                       \
        __asm__ volatile("out" letter " %0, %1" : : "a"(value), "Nd"(port));                       \
    }
IO_WIDTH(8, "b")
IO_WIDTH(16, "w")
IO_WIDTH(32, "l")
#undef IO_WIDTH
