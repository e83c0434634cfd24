// Between the server loop and kept replies.
#pragma once

#include <baton/message.h>

// The answer to a kept request, or with HANDLE_NONE to the one in hand, was refused with `reason`:
// answers the reason instead, and frees and closes what was to be given and moved.
void answer_refused(handle_t reply, const struct message *answer, status_t reason);

// Whether the answer gives a parcel or moves a handle, which are still here if the caller no longer
// waits; only reply says so, not reply_receive. Pages of reply_page stay for the next answer.
bool answer_parts_with(const struct message *answer);
