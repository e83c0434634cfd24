// A port that plays a script.

#include "script.h"

#include <stdio.h>
#include <stdlib.h>

struct script script;

void script_add(struct script_step step)
{
    script.steps[script.step_count++] = step;
}

static status_t write_down(handle_t reply, const struct message *message)
{
    status_t status = script.refusal < 4 ? script.refusals[script.refusal++] : OK;
    script.answers[script.answer_count++] =
        (struct script_answer){.reply = reply, .message = *message, .accepted = status == OK};
    return status;
}

static uint64_t play(uint64_t *target, struct message *message)
{
    *message = (struct message){};
    if (script.steps_done == script.step_count)
        return ERR_PORT_CLOSED;
    const struct script_step *step = &script.steps[script.steps_done++];
    if (step->status == OK)
        *message = step->message;
    *target = step->badge;
    return (uint16_t)step->status | (uint64_t)step->kind << RESULT_KIND_SHIFT |
           3ull << RESULT_CHARGE_SHIFT;
}

uint64_t message_system_call(uint64_t rax, uint64_t *target, struct message *message,
                             uint64_t *extra)
{
    if (rax == CALL_call) {
        status_t status = message_call((handle_t)*target, message, *extra);
        *target = *extra = 0;
        return (uint16_t)status;
    }
    if (*target != WORLD_PORT || (rax != CALL_receive && rax != CALL_reply_receive))
        abort();
    if (rax == CALL_reply_receive) {
        status_t status = write_down(HANDLE_NONE, message);
        if (status != OK) {
            *message = (struct message){};
            return (uint16_t)status;
        }
    }
    script.deadlines[script.receives++] = *extra;
    return play(target, message);
}

status_t message_reply(handle_t reply, struct message *message)
{
    return write_down(reply, message);
}

status_t message_keep(handle_t *reply)
{
    *reply = 500 + script.kept++;
    return OK;
}
