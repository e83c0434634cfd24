// Lines for the system's log, which adds the time and the program's name.
//
// Formats: %s %c %d %i %u %x %X %p %% with width, precision, '*', '-' and '0', and the lengths hh,
// h, l, ll, z, j. Lines end by themselves; what is longer than LOG_LINE_MAXIMUM is cut.
// Needs no memory but one page of its own, and never blocks.
#pragma once

#include <abi/system_calls.h>

#include <stdarg.h>
#include <stddef.h>

static constexpr size_t LOG_LINE_MAXIMUM = 512; // bytes

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

// Writes one line.
[[gnu::format(printf, 2, 3)]] void log_line(enum log_level level, const char *format, ...);

// Formats into a buffer, always ended by 0; returns the length that the whole text has.
[[gnu::format(printf, 3, 4)]] size_t text_format(char *buffer, size_t size, const char *format,
                                                 ...);
[[gnu::format(printf, 3, 0)]] size_t text_format_list(char *buffer, size_t size,
                                                      const char *format, va_list arguments);

// A status's text, from the table in include/abi/status.h; "unknown error" for other numbers.
const char *status_text(status_t status);
