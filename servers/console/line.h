// Line discipline: what happens between a key and a program that reads. Pure: bytes in, bytes and
// echo out.
//
// Typed bytes go into the line being edited; when it is complete it moves, as one, to the bytes
// that are ready. What does not fit is refused with a bell, so nothing is lost unseen.
#pragma once

#include <stddef.h>
#include <stdint.h>

static constexpr unsigned LINE_SIZE = 1024;  // bytes of a line being edited
static constexpr unsigned READY_SIZE = 4096; // bytes and marks; a power of two

struct line {
    bool raw, echo;
    uint8_t edit[LINE_SIZE];
    unsigned length;
    uint16_t ready[READY_SIZE]; // a ring: bytes, or LINE_MARK
    unsigned first, count;
    bool after_return; // the last byte was CR: a LF right behind it belongs to it
    void (*show)(void *context, const char *text, size_t length); // echo
    void *context;
};

// Ends a read although no newline came: what Ctrl-D puts in.
static constexpr uint16_t LINE_MARK = 256;

// Takes a byte from the keyboard.
void line_type(struct line *line, uint8_t byte);

// Whether a read would return at once.
static inline bool line_is_ready(const struct line *line)
{
    return line->count > 0;
}

// Takes up to `limit` bytes (at least 1) of what is ready: at most one line, its newline included,
// unless raw. 0: the end of input. There must be something ready.
size_t line_read(struct line *line, uint8_t *buffer, size_t limit);
