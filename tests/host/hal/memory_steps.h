// Steps of the memory model test: each is a few random numbers, so that any part of a sequence is a
// sequence too.
#pragma once

#include <stdint.h>

static constexpr unsigned STEP_NUMBERS = 10;

struct step {
    uint16_t number[STEP_NUMBERS];
};

// Runs a sequence on a new machine, the kernel's memory beside the model. False if they differ.
// `shift`: pages and areas are those of levels 1 and 2, and so many more. `aloud`: says what each
// step does.
bool steps_run(const struct step *steps, unsigned count, unsigned shift, bool aloud);
