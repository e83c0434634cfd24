// A port that plays a script to server_run, and writes down what it is answered.
#pragma once

#include "world.h"

static constexpr unsigned SCRIPT_STEPS = 16;

// What a receive brings.
struct script_step {
    struct message message;
    enum message_kind kind;
    status_t status; // of the receive
    uint64_t badge;
};

struct script_answer {
    handle_t reply; // HANDLE_NONE: to the request in hand
    struct message message;
    bool accepted;
};

struct script {
    struct script_step steps[SCRIPT_STEPS];
    unsigned step_count, steps_done;
    struct script_answer answers[2 * SCRIPT_STEPS];
    unsigned answer_count;
    status_t refusals[4]; // what the first answers fail with
    unsigned refusal;
    ticks_t deadlines[2 * SCRIPT_STEPS]; // of each receive
    unsigned receives;
    unsigned kept;
};
extern struct script script;

// Adds a step: what arrives next. When all steps are done, the port is closed.
void script_add(struct script_step step);
