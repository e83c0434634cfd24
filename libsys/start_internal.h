// What start.c shares with arguments.c.
#pragma once

#include <baton/start.h>

// The status of a program that could not get as far as main.
static constexpr int START_FAILED = 127;

// Vectors of up to this many pointers need no memory of their own.
static constexpr unsigned START_FEW = 32;

struct start_vector {
    char *pointer[START_FEW + 1];
};

extern struct start_vector start_few_arguments;

// Called by _start alone.
[[noreturn]] void start_program(struct start_page *start);

// A vector of pointers to `count` strings that begin at an offset of the start page, ended by null;
// in `few` if it fits, else in pages of its own. Null if there is no memory, or if the strings go
// past the end of the page.
char **start_strings(uint32_t offset, uint32_t count, struct start_vector *few);

// Sets `environ`.
void start_environment(const struct start_page *start);
