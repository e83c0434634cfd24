// The real header with its system calls replaced, so that generated code, libsys and a test's own
// kernel (world.c) can run in one host process.
#pragma once

#define message_system_call real_message_system_call
#define message_call        real_message_call
#define message_reply       real_message_reply
#define message_keep        real_message_keep
#include_next <baton/message.h>
#undef message_system_call
#undef message_call
#undef message_reply
#undef message_keep

uint64_t message_system_call(uint64_t rax, uint64_t *target, struct message *message,
                             uint64_t *extra);
status_t message_call(handle_t port, struct message *message, ticks_t deadline);
status_t message_reply(handle_t reply, struct message *message);
status_t message_keep(handle_t *reply);
