// A crash of the system: the report on screen and both serial ports, then the end.
#pragma once

#include <abi/query.h>

#include "hal/hal.h"

// Reports what, where (file, line), this hart's registers and backtrace with function names, every
// other hart's last state, the log's last lines; ends the machine as crashed. Never returns, never
// allocates, survives being entered twice.
[[noreturn, gnu::format(printf, 3, 4)]] void crash(const char *file, int line,
                                                   const char *format, ...);

// The same for an exception taken in the kernel.
[[noreturn]] void crash_exception(const struct registers *registers, unsigned vector,
                                  uint64_t error, uint64_t address);

#define panic(...) crash(__FILE__, __LINE__, __VA_ARGS__)
#define assert(condition)                                                                          \
    ((condition) ? (void)0 : crash(__FILE__, __LINE__, "assertion failed: %s", #condition))

// Writes "NAME+0xoffset" of a kernel address into a buffer.
void symbol_describe(uint64_t address, char *buffer, size_t size);

// Says in the log why a program was ended: exception name, address, registers, and a backtrace of
// its function addresses read through the kernel's own map (never through user addresses), with
// names where the program's ELF symbols are known.
struct thread;
void crash_report_program(const struct thread *thread, unsigned vector, uint64_t error,
                          uint64_t address);

// The latest such report of a process, if it is still kept.
bool crash_find(uint32_t process, struct query_crash *crash);
