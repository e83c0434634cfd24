// The inside of the log, for the crash report and the options' parser alone.
#pragma once

#include "debug/log.h"

// From now on nobody waits for the log's lock: whoever holds it may have been stopped.
void log_break_lock(void);

// Adds finished text to the ring and the ports; `level` decides about the terminal.
void log_emit(enum log_level level, const char *text, size_t length);

// Bytes that the log has taken since boot.
uint64_t log_written(void);

// Only errors go to the terminal.
void log_set_quiet(void);

// By name; LOG_MODULES and LOG_LEVELS for none.
unsigned log_find_module(const char *word, size_t length);
unsigned log_find_level(const char *word, size_t length);
