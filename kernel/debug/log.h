// The kernel's log: lines with a level and a module, kept in a ring in memory and written to the
// log's serial port where there is one. Each module has its own level (boot option
// "log=LEVEL" or "log=module:LEVEL,module:LEVEL", and system_log_level).
//
// A source file names its module once:  LOG_MODULE(LOG_MEMORY);  then calls log_info("..."), etc.
// Formats: %s %.*s %c %d %u %x %lu %ld %lx %zu %p %% with width, '-' and '0' padding. Lines end by
// themselves.
#pragma once

#include <abi/status.h>
#include <abi/system_calls.h>
#include <stdarg.h>
#include <stddef.h>

enum log_module : uint8_t {
    LOG_BOOT,
    LOG_HART,
    LOG_INTERRUPT,
    LOG_MEMORY,
    LOG_MESSAGE,
    LOG_PROCESS,
    LOG_PROGRAM, // lines that programs write with log_write
    LOG_CRASH,
    LOG_MODULES
};

#define LOG_MODULE(module) static constexpr enum log_module log_module_here = module

#define log_error(...) log_line(log_module_here, LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(log_module_here, LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(log_module_here, LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(log_module_here, LOG_DEBUG, __VA_ARGS__)

// Writes one line if the module's level allows it: "[   0.012345 h0] memory: text".
[[gnu::format(printf, 3, 4)]] void log_line(enum log_module module, enum log_level level,
                                            const char *format, ...);

// A line from a program: "[   0.012345 h0] NAME: text"; control characters are made visible.
void log_program_line(const char *name, enum log_level level, const char *text, size_t length);

// Formats into a buffer, always ended by 0; returns the length that the whole text has.
[[gnu::format(printf, 3, 4)]] size_t text_format(char *buffer, size_t size,
                                                 const char *format, ...);
size_t text_format_list(char *buffer, size_t size, const char *format, va_list arguments);

// The error's text (include/abi/status.h).
const char *status_text(status_t status);

// Adds to what a buffer holds, with "; " between; what has no room is left out.
struct text {
    char *buffer;
    size_t size;
};
[[gnu::format(printf, 2, 3)]] void text_add(const struct text *text, const char *format, ...);

// Takes the log's words out of the kernel's boot options ("quiet", "log=..."); the HAL does it
// first of all. Unknown levels and modules are reported and ignored.
void log_configure(const char *option);
void log_level_set(unsigned module, enum log_level level); // module ~0u: all
enum log_level log_level_get(unsigned module);
const char *log_module_name(unsigned module);

// Reads from the ring: bytes from `offset` (counted since boot) on; older ones may be gone, then
// *offset is moved forward. Returns how many were copied.
size_t log_read(uint64_t *offset, char *buffer, size_t size);

// Until a program owns the terminal, lines go to the screen and the first serial port too, but not
// those of level debug, and with the boot option "quiet" only errors.
