// Command lines: commands of words, joined by `;` (or a newline), `&&` and `||`. Pure.
//
// Words are separated by blanks. '...' takes everything as it is; "..." all but $ and \; outside of
// quotes \ takes the next character as it is. $? and $NAME are replaced outside of '...'; what they
// give is not split. # begins a comment where a word could begin.
#pragma once

#include <stddef.h>

static constexpr unsigned WORDS_MAXIMUM = 256;
static constexpr size_t TEXT_MAXIMUM = 16 * 1024; // bytes of all words of a command

// When a command runs, by the status of the one before.
enum link : unsigned char { LINK_ALWAYS, LINK_AND, LINK_OR };

struct command {
    enum link link;
    unsigned count;                 // of words; 0 only where a line is empty
    char *word[WORDS_MAXIMUM + 1];  // ended by null
    char text[TEXT_MAXIMUM];
    size_t used;
};

struct syntax {
    const char *next; // what is still to be read
    enum link link;   // of the command that comes next
    const char *(*value)(const char *name); // of $NAME and $?, null if there is none
    char error[80];   // what is wrong, or empty
};

// Begins to read a line, which has to stay.
void syntax_begin(struct syntax *syntax, const char *line, const char *(*value)(const char *name));

// Reads the next command; false at the end of the line or if something is wrong.
bool syntax_next(struct syntax *syntax, struct command *command);
