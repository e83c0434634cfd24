// Telling where a program has crashed, by the names of its functions.
#pragma once

#include "loader.h"

// Remembers a program that has been loaded, until the port hears of its end (BADGE_PROGRAM). If
// there is no room or memory for it, a crash will be told by the kernel alone, and the log says so.
void crash_expect(handle_t port, const struct loaded *loaded, const char *path);

// Forgets a program that has ended. If it crashed, logs where and from where it came there: from
// the kernel's report, which lasts for the latest few crashes, and the symbol table of its file.
// Told twice of the same end, does nothing. Blocks while the file is read.
void program_ended(uint32_t process, bool crashed);
