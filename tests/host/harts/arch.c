#include "harts.h"

#include <stdio.h>
#include <stdlib.h>

thread_local struct hart *machine_hart;
struct hart *harts[HART_LIMIT];
unsigned hart_count;
unsigned host_interrupts[HART_LIMIT];
ticks_t host_ticks = 1000;

static struct hart blocks[HART_LIMIT];

void harts_start(unsigned count) {
    hart_count = count;
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = (struct hart){.index = i, .online = true, .nearest = TICK_NEVER};
        blocks[i].self = &blocks[i];
        harts[i] = &blocks[i];
        host_interrupts[i] = 0;
    }
    machine_hart = &blocks[0];
}

void hal_pause(void) {}

void hart_poll(void) {}

void hal_hart_interrupt(struct hart *hart, uint8_t vector) {
    (void)vector;
    host_interrupts[hart->index]++;
}
