// The message system calls: the thread's registers hold the message (include/abi/message.h). Each
// leaves the thread with its result, or waiting.
#pragma once

#include <abi/system_calls.h>

#include "hart/thread.h"

#define MESSAGE_PROTOTYPE(number, name) void message_##name(struct thread *thread);
MESSAGE_CALL_TABLE(MESSAGE_PROTOTYPE)
#undef MESSAGE_PROTOTYPE
