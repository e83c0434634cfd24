// Begun calls and their completions, a case of message.c, which has the server.
#pragma once

#include "message.h"

static void completion_receive(uint64_t port, struct message *message, struct message_info *info)
{
    EXPECT(message_receive((handle_t)port, message, info, deadline_default()), OK);
    EXPECT(info->kind, KIND_COMPLETION);
}

static void completion_fails(uint64_t port, uint64_t badge, status_t error, bool taken)
{
    struct message message;
    struct message_info info;
    completion_receive(port, &message, &info);
    EXPECT(info.badge, badge);
    EXPECT(info.failed, true);
    EXPECT(info.taken, taken);
    EXPECT(message_reply_status(&message), error);
}

static void begun_many(uint64_t port, uint64_t *call, unsigned count)
{
    struct message message;
    struct message_info info;
    uint64_t seen = 0;
    for (unsigned i = 0; i < count; i++) {
        EXPECT(system_call_create((handle_t)port, i, &call[i]), OK);
        message = (struct message){.tag = DO_ECHO, .word = {i, 2, 3, 4, 5}};
        EXPECT(message_begin((handle_t)call[i], server.port, &message, 0), OK);
    }
    for (unsigned i = 0; i < count; i++) {
        completion_receive(port, &message, &info);
        EXPECT(info.failed, false);
        EXPECT(message.tag, OK);
        EXPECT(message.word[0], info.badge);
        EXPECT(message.word[4], 5);
        seen |= 1ull << info.badge;
    }
    EXPECT(seen, (1ull << count) - 1);
}

static void begun_ends(uint64_t port, handle_t call)
{
    struct peer mortal = peer_start();
    struct message message = {.tag = DO_KEEP};
    EXPECT(message_begin(call, mortal.port, &message, deadline_after(20 * MS)), OK);
    EXPECT(message_begin(call, mortal.port, &message, 0), ERR_BUSY);
    completion_fails(port, 0, ERR_TIMED_OUT, true);
    message = (struct message){.tag = DO_KEEP};
    EXPECT(message_begin(call, mortal.port, &message, 0), OK);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(ask(mortal.port, &message, 1000), OK); // the other one has been taken
    EXPECT(system_cancel(call), OK);
    EXPECT(system_cancel(call), ERR_NOT_CALLED);
    completion_fails(port, 0, ERR_CANCELLED, true);
    message = (struct message){.tag = DO_KEEP};
    EXPECT(message_begin(call, mortal.port, &message, 0), OK);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(ask(mortal.port, &message, 1000), OK);
    peer_stop(&mortal);
    completion_fails(port, 0, ERR_PEER_DIED, true);
}

static void begun_gift(uint64_t port, handle_t call)
{
    struct message message = {.tag = DO_GIVE, .word = {1234}};
    struct message_info info;
    EXPECT(message_begin(call, server.port, &message, 0), OK);
    completion_receive(port, &message, &info);
    EXPECT(info.failed, false);
    EXPECT(info.charge, 1);
    EXPECT(*(const uint64_t *)parcel_address(message.parcel), 1234);
    EXPECT(landing_free(message.parcel), OK);
}

static void begun(void)
{
    static constexpr unsigned MANY = 20;
    uint64_t port, call[MANY], used, used_after, limit, copy;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_account_query(HANDLE_NONE, &used, &limit), OK);
    begun_many(port, call, MANY);
    begun_ends(port, (handle_t)call[0]);
    begun_gift(port, (handle_t)call[1]);
    EXPECT(system_handle_duplicate((handle_t)call[0], RIGHTS_ALL, &copy), ERR_NO_RIGHT);
    struct message message = {.tag = DO_ECHO, .handle = {(handle_t)call[0]}};
    EXPECT(message_call(server.port, &message, 0), ERR_NO_RIGHT);
    EXPECT(system_cancel((handle_t)port), ERR_WRONG_TYPE);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(message_begin((handle_t)port, server.port, &message, 0), ERR_WRONG_TYPE);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(message_begin((handle_t)call[2], (handle_t)port, &message, 0), ERR_NO_RIGHT);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(message_begin((handle_t)call[2], server.port, &message, 0), OK);
    EXPECT(system_handle_close((handle_t)call[2]), ERR_BUSY);
    EXPECT(system_handle_close((handle_t)port), OK);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(ask(server.port, &message, 1000), OK); // the other one has been answered
    for (unsigned i = 0; i < MANY; i++)
        EXPECT(system_handle_close((handle_t)call[i]), OK);
    EXPECT(system_account_query(HANDLE_NONE, &used_after, &limit), OK);
    EXPECT(used_after <= used + 4, true); // frames of the heap may stay
}
