// The message system calls: the thread's registers hold the message (include/abi/message.h). Each
// leaves the thread with its result, or waiting.
#pragma once

#include "hart/thread.h"

void message_call(struct thread *thread);
void message_reply_receive(struct thread *thread);
void message_begin(struct thread *thread);
void message_receive(struct thread *thread);
void message_reply(struct thread *thread);
void message_signal(struct thread *thread);
void message_reply_keep(struct thread *thread);
