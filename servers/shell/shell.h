// What the shell's files share.
#pragma once

#include "syntax.h"

#include <stdint.h>

static constexpr int STATUS_SYNTAX = 2;
static constexpr int STATUS_NOT_RUN = 126; // found, but could not be run, or crashed
static constexpr int STATUS_NOT_FOUND = 127;

// The status of the last command.
extern int last_status;

// Frames that a program's account gets; less where there is not as much.
extern uint64_t program_limit;

// Runs a line; the status of its last command is in last_status.
void line_run(const char *line);

// Runs a program and waits for its end; gives its status. `manages`: with all of the shell's rights
// to the system.
int program_run(char *const *words, bool manages);

// A command of the shell's own; `status` is what it gave. False if there is none of that name.
bool builtin_run(char *const *words, int *status);
