#include "debug/canary.h"

#include "debug/crash.h"
#include "hal/string.h"

static constexpr uint8_t PATTERN = 0xdb;

void canary_set(struct frame *frame) {
    memset(frame_contents(frame), PATTERN, PAGE_SIZE);
    frame->pins = 1;
}

void canary_verify(struct frame *frame, bool zeroed) {
    const uint8_t *contents = frame_contents(frame);
    if (!zeroed && frame->pins == 0)
        return;
    frame->pins = 0;
    uint8_t expected = zeroed ? 0 : PATTERN;
    for (size_t i = 0; i < PAGE_SIZE; i++)
        if (contents[i] != expected)
            panic("frame %lx was written while it was free: byte %zu is %x",
                  (unsigned long)frame_address(frame), i, contents[i]);
}
