// hal_output and its companions: where the kernel's text goes.
#include "hal/hal.h"
#include "hal/paging.h"
#include "hal/x86_64/image.h"
#include "hal/x86_64/instructions.h"
#include "debug/screen.h"
#include "debug/serial.h"

static bool terminal_taken;

// A terminal wants a carriage return before each line feed.
static void write_terminal(const char *text, size_t length) {
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n')
            continue;
        serial_write(SERIAL_TERMINAL, text + start, i - start);
        serial_write(SERIAL_TERMINAL, "\r\n", 2);
        start = i + 1;
    }
    serial_write(SERIAL_TERMINAL, text + start, length - start);
    screen_write(text, length);
}

void hal_output(enum hal_output output, const char *text, size_t length) {
    if (output == OUTPUT_LOG)
        serial_write(SERIAL_LOG, text, length);
    else if (!terminal_taken)
        write_terminal(text, length);
}

void hal_output_drain(void) { serial_drain(); }

void hal_terminal_yield(bool to_program) {
    if (terminal_taken && !to_program)
        screen_restore();
    terminal_taken = to_program;
}

struct hart *hal_hart_here(void) { return (struct hart *)msr_read(MSR_GS_BASE); }

// The next frame lies above, on the same stack; anything else ends the walk. Both words are looked
// up before they are read, because a crash's frame pointer may be anything.
static bool is_frame(uint64_t frame, uint64_t below) {
    return frame % 8 == 0 && frame >= LAYOUT_DIRECT_MAP && frame < UINT64_MAX - 16 &&
           frame > below && frame - below <= KERNEL_STACK_SIZE && paging_is_mapped(frame) &&
           paging_is_mapped(frame + 8);
}

unsigned hal_backtrace(uint64_t frame_pointer, uint64_t *addresses, unsigned limit) {
    unsigned count = 0;
    uint64_t below = frame_pointer - 8;
    while (count < limit && is_frame(frame_pointer, below)) {
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        if (frame[1] < (uint64_t)image_text || frame[1] >= (uint64_t)image_rodata)
            break;
        addresses[count++] = frame[1];
        below = frame_pointer;
        frame_pointer = frame[0];
    }
    return count;
}
