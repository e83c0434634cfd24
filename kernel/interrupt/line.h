// Interrupt lines as objects: a line, once it is bound, signals bits of its driver's notification
// and stays masked until the driver acknowledges. A line that nobody holds is masked.
#pragma once

#include "message/port.h"

struct line {
    struct object object;
    uint32_t number; // global system interrupt
    uint8_t vector;  // 0: none, as of the object whose handles are the right to make lines
    struct notification *notification; // a reference; nullptr: not bound
    uint64_t bits;
};

// A line nobody else has. ERR_BAD_ARGUMENT, ERR_BUSY, ERR_NO_MEMORY, ERR_NO_FRAME.
status_t line_create(struct process *owner, uint32_t number, uint32_t flags, struct line **line);

// ERR_BAD_HANDLE if one of the two went meanwhile.
status_t line_bind(struct line *line, struct notification *notification, uint64_t bits);

// Masks it, or has it come again; the latter only if it is bound. ERR_BAD_HANDLE as above.
status_t line_mask(struct line *line, bool masked);

// Masks it and lets go; part of the object's end.
void line_close(struct line *line);

// An interrupt with this vector came; false if no line has it.
bool line_arrive(uint64_t vector);
