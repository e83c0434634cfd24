// Messages between processes: words, deadlines, answers, deaths, handles, notifications. Each case
// prints its name when it has passed; `message NAME` runs one.

#include "message.h"
#include "registers.h"

#include <string.h>

static struct peer server;

#include "message_begun.h" // uses the server

// --- words and registers -------------------------------------------------------------------------

static void words(void)
{
    for (uint64_t i = 0; i < 100; i++) {
        struct message message = {.tag = DO_ECHO, .word = {i, ~i, i << 32, i * i, UINT64_MAX}};
        uint64_t sent[MESSAGE_WORDS];
        memcpy(sent, message.word, sizeof sent);
        EXPECT(message_call(server.port, &message, i % 2 ? deadline_default() : 0), OK);
        EXPECT(memcmp(sent, message.word, sizeof sent), 0);
        EXPECT(message.tag, OK);
    }
}

static void registers(void)
{
    struct all_registers r = {.rax = CALL_call, .rbx = 11, .rsi = DO_ECHO, .rdi = server.port,
                              .r12 = 12, .r13 = 13, .r14 = 14, .r15 = 15};
    registers_fill(&r, 0xa1a1);
    EXPECT(registers_call(&r), OK);
    EXPECT(r.rbx == 11 && r.r12 == 12 && r.r13 == 13 && r.r14 == 14 && r.r15 == 15, true);
    EXPECT(r.rax | r.rdi | r.rsi, 0);
    EXPECT(registers_other(&r), 0);
    EXPECT(vectors_other(&r), 0);
    struct message message = {.tag = DO_REGISTERS};
    EXPECT(ask(server.port, &message, 1000), OK);
    EXPECT(message.word[0], 0);
    EXPECT(message.word[1], 0);
    EXPECT(message.word[2] >> BADGE_OWNER_SHIFT, 7);
    EXPECT((uint32_t)message.word[2], start_process());
}

// --- wrong arguments -----------------------------------------------------------------------------

static void wrong(void)
{
    struct message message = {.tag = DO_ECHO};
    struct message_info info;
    uint64_t port, notification;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_notification_create((handle_t)port, 1, &notification), OK);
    EXPECT(message_call(HANDLE_NONE, &message, 0), ERR_BAD_HANDLE);
    EXPECT(message_call(server.port ^ 1 << 16, &message, 0), ERR_BAD_HANDLE);
    EXPECT(message_call(0xffff, &message, 0), ERR_BAD_HANDLE);
    EXPECT(message_call((handle_t)notification, &message, 0), ERR_WRONG_TYPE);
    EXPECT(message_call((handle_t)port, &message, 0), ERR_NO_RIGHT);
    EXPECT(message_receive(server.port, &message, &info, 0), ERR_NO_RIGHT);
    EXPECT(message_receive(start_handle("system"), &message, &info, 0), ERR_WRONG_TYPE);
    EXPECT(message_reply_receive((handle_t)port, &message, &info, 0), ERR_NOT_CALLED);
    EXPECT(message_reply(HANDLE_NONE, &message), ERR_NOT_CALLED);
    EXPECT(message_reply((handle_t)port, &message), ERR_WRONG_TYPE);
    handle_t reply;
    EXPECT(message_keep(&reply), ERR_NOT_CALLED);
    EXPECT(message_signal((handle_t)port, 1), ERR_WRONG_TYPE);
    for (unsigned bit = 0; bit < 64; bit++) {
        message = (struct message){.tag = DO_ECHO, .parcel = 1ull << bit};
        status_t status = message_call(server.port, &message, 0);
        EXPECT(status == ERR_BAD_ARGUMENT || status == ERR_BAD_SLOT || status == ERR_EMPTY ||
                   status == ERR_NO_RIGHT,
               true);
    }
    EXPECT(system_handle_close((handle_t)notification), OK);
    EXPECT(system_handle_close((handle_t)port), OK);
    EXPECT(system_handle_close((handle_t)port), ERR_BAD_HANDLE);
}

// --- deadlines and answers -----------------------------------------------------------------------

static void deadlines(void)
{
    struct message message = {.tag = DO_WAIT, .word = {60}};
    EXPECT(message_call(server.port, &message, deadline_after(10 * MS)), ERR_TIMED_OUT);
    message = (struct message){.tag = DO_ECHO};
    EXPECT(message_call(server.port, &message, 1), ERR_TIMED_OUT); // has passed
    EXPECT(ask_words(server.port, DO_ECHO, 1, 2, 3), OK);
    uint64_t port;
    struct message_info info;
    EXPECT(system_port_create(0, &port), OK);
    ticks_t deadline = deadline_after(20 * MS);
    EXPECT(message_receive((handle_t)port, &message, &info, deadline), ERR_TIMED_OUT);
    EXPECT(ticks_now() >= deadline, true);
    EXPECT(message_receive((handle_t)port, &message, &info, 1), ERR_TIMED_OUT);
    EXPECT(system_handle_close((handle_t)port), OK);
}

// rax as it came back.
static uint64_t call_result(handle_t port, struct message *message, uint64_t ms)
{
    uint64_t target = port, extra = deadline_after(ms * MS);
    return message_system_call(CALL_call, &target, message, &extra);
}

// Requests that time out while they are kept; the answers come in another order, to nobody.
static void kept(void)
{
    struct peer keeper = peer_start();
    struct message message;
    for (unsigned i = 0; i < 3;) {
        message = (struct message){.tag = DO_KEEP};
        uint64_t result = call_result(keeper.port, &message, 20);
        EXPECT(message_status(result), ERR_TIMED_OUT);
        i += (result & RESULT_TAKEN) != 0; // else the server was not yet there
    }
    EXPECT(ask_words(keeper.port, DO_ANSWER, 2, 1, 0), ERR_CANCELLED);
    EXPECT(ask_words(keeper.port, DO_ANSWER, 0, 1, 0), ERR_CANCELLED);
    EXPECT(ask_words(keeper.port, DO_CLOSE, 1, 0, 0), OK);
    EXPECT(ask_words(keeper.port, DO_ANSWER, 1, 0, 0), ERR_BAD_HANDLE);
    message = (struct message){.tag = DO_IGNORE};
    EXPECT(ask(keeper.port, &message, 1000), ERR_NO_REPLY);
    peer_stop(&keeper);
}

// --- deaths --------------------------------------------------------------------------------------

static void deaths(void)
{
    for (unsigned i = 0; i < 4; i++) {
        struct peer victim = peer_start();
        enum deed deed = i % 2 ? DO_DIE : DO_END_THREAD;
        struct message message = {.tag = deed};
        EXPECT(ask_words(victim.port, DO_ECHO, 0, 0, 0), OK);
        uint64_t result = call_result(victim.port, &message, 5000);
        EXPECT(message_status(result), ERR_PEER_DIED);
        EXPECT((result & RESULT_TAKEN) != 0, true);
        message = (struct message){.tag = DO_ECHO};
        result = call_result(victim.port, &message, 5000);
        EXPECT(message_status(result), ERR_PORT_CLOSED);
        EXPECT(result & RESULT_TAKEN, 0);
        peer_wait(&victim);
    }
}

// --- handles -------------------------------------------------------------------------------------

static void handles(void)
{
    uint64_t port, call, notification, type, detail;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_port_derive((handle_t)port, 1, RIGHTS_ALL, &call), OK);
    EXPECT(system_notification_create((handle_t)port, 1, &notification), OK);
    struct message message = {.tag = DO_HANDLES | (uint64_t)(RIGHT_CALL | RIGHT_TRANSFER) << 32 |
                                     (uint64_t)RIGHT_SIGNAL << 40 | 1ull << TAG_MOVE_SHIFT,
                              .handle = {(handle_t)call, (handle_t)notification}};
    EXPECT(ask(server.port, &message, 1000), OK);
    EXPECT(message.word[0], OBJECT_PORT | (RIGHT_CALL | RIGHT_TRANSFER) << 8);
    EXPECT(message.word[1], OBJECT_NOTIFICATION | RIGHT_SIGNAL << 8);
    EXPECT(system_handle_query((handle_t)call, &type, &detail), ERR_BAD_HANDLE);
    EXPECT(system_handle_query((handle_t)notification, &type, &detail), OK);
    // The receive right is moved or stays, but is never doubled.
    message = (struct message){.tag = DO_HANDLES | 0xffull << 32, .handle = {(handle_t)port}};
    EXPECT(ask(server.port, &message, 1000), ERR_NO_RIGHT);
    uint64_t copy;
    EXPECT(system_handle_duplicate((handle_t)port, RIGHTS_ALL, &copy), ERR_NO_RIGHT);
    // The same handle twice, once moved.
    message = (struct message){.tag = DO_HANDLES | 1ull << TAG_MOVE_SHIFT,
                               .handle = {(handle_t)notification, (handle_t)notification}};
    EXPECT(ask(server.port, &message, 1000), ERR_BAD_HANDLE);
    // More than the server takes.
    EXPECT(ask_words(server.port, DO_ACCEPT, 16, 0, 0), OK);
    message = (struct message){.tag = DO_HANDLES, .handle = {(handle_t)notification}};
    EXPECT(ask(server.port, &message, 1000), ERR_NO_SLOT);
    EXPECT(ask_words(server.port, DO_ACCEPT, 16, MESSAGE_HANDLES, 0), OK);
    EXPECT(ask_words(server.port, DO_ACCEPT, 16, MESSAGE_HANDLES + 1, 0), ERR_BAD_ARGUMENT);
    EXPECT(system_handle_close((handle_t)notification), OK);
    EXPECT(system_handle_close((handle_t)port), OK);
}

// Grows the table to its end, then uses it again.
static void many_handles(void)
{
    static constexpr unsigned MANY = 3000;
    static handle_t many[MANY];
    uint64_t port, handle;
    EXPECT(system_port_create(0, &port), OK);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            EXPECT(system_port_derive((handle_t)port, i, RIGHT_CALL, &handle), OK);
            many[i] = (handle_t)handle;
        }
        for (unsigned i = 0; i < MANY; i++)
            EXPECT(system_handle_close(many[i]), OK);
        for (unsigned i = 0; i < MANY; i++)
            EXPECT(system_handle_close(many[i]), ERR_BAD_HANDLE);
    }
    EXPECT(system_handle_close((handle_t)port), OK);
}

// From another process, which keeps what it was given: see handle_test.
static void revoked(void)
{
    uint64_t port, one, copy, two, type, detail, call;
    struct message message;
    struct message_info info;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_call_create((handle_t)port, 100, &call), OK);
    EXPECT(system_port_derive((handle_t)port, 1, RIGHTS_ALL, &one), OK);
    EXPECT(system_handle_duplicate((handle_t)one, RIGHTS_ALL, &copy), OK);
    EXPECT(system_port_derive((handle_t)port, 2, RIGHTS_ALL, &two), OK);
    message = (struct message){.word = {5}};
    EXPECT(message_begin((handle_t)call, (handle_t)one, &message, 0), OK); // arrives still
    EXPECT(port_revoke((handle_t)one, 1, 1), ERR_NO_RIGHT);
    EXPECT(port_revoke((handle_t)port, 1, 1), OK);
    EXPECT(ask_words((handle_t)one, DO_ECHO, 0, 0, 0), ERR_NO_RIGHT);
    EXPECT(ask_words((handle_t)copy, DO_ECHO, 0, 0, 0), ERR_NO_RIGHT);
    EXPECT(system_handle_query((handle_t)copy, &type, &detail), OK);
    EXPECT(type >> 8, RIGHT_TRANSFER | RIGHT_DUPLICATE);
    message = (struct message){.tag = DO_HANDLES | 0xffull << 32, .handle = {(handle_t)copy}};
    EXPECT(ask(server.port, &message, 1000), OK);
    EXPECT(message.word[0] >> 8, RIGHT_TRANSFER | RIGHT_DUPLICATE);
    EXPECT(message_receive((handle_t)port, &message, &info, deadline_default()), OK);
    EXPECT(info.badge >> BADGE_OWNER_SHIFT == 1 && message.word[0] == 5, true);
    EXPECT(message_reply(HANDLE_NONE, &message), OK);
    EXPECT(message_receive((handle_t)port, &message, &info, deadline_default()), OK);
    EXPECT(info.kind == KIND_COMPLETION && !info.failed, true);
    EXPECT(message_begin((handle_t)call, (handle_t)one, &message, 0), ERR_NO_RIGHT);
    EXPECT(message_begin((handle_t)call, (handle_t)two, &message, 0), OK);
    EXPECT(port_revoke((handle_t)port, 0, 1ull << 32), OK);
    EXPECT(ask_words((handle_t)two, DO_ECHO, 0, 0, 0), ERR_NO_RIGHT);
    EXPECT(system_handle_close((handle_t)port), OK);
    EXPECT(ask_words((handle_t)two, DO_ECHO, 0, 0, 0), ERR_NO_RIGHT);
    handle_t others[] = {(handle_t)one, (handle_t)copy, (handle_t)two, (handle_t)call};
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        EXPECT(system_handle_close(others[i]), OK);
}

// --- notifications -------------------------------------------------------------------------------

static void notifications(void)
{
    uint64_t port, one, two;
    struct message message;
    struct message_info info;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_notification_create((handle_t)port, 100, &one), OK);
    EXPECT(system_notification_create((handle_t)port, 200, &two), OK);
    EXPECT(message_signal((handle_t)two, 0), OK);
    EXPECT(message_signal((handle_t)one, 1), OK);
    EXPECT(message_signal((handle_t)two, 2), OK);
    EXPECT(message_signal((handle_t)one, 4), OK);
    for (unsigned i = 0; i < 2; i++) {
        EXPECT(message_receive((handle_t)port, &message, &info, deadline_default()), OK);
        EXPECT(info.kind, KIND_NOTIFICATION);
        EXPECT(info.badge, i == 0 ? 100 : 200);
        EXPECT(message.word[0], i == 0 ? 5 : 2);
    }
    EXPECT(message_receive((handle_t)port, &message, &info, 1), ERR_TIMED_OUT);
    ticks_t deadline = deadline_after(20 * MS);
    EXPECT(system_timer_set((handle_t)one, 8, deadline), OK);
    EXPECT(system_timer_set((handle_t)two, 16, deadline_after(10 * MS)), OK);
    EXPECT(system_timer_set((handle_t)two, 0, 0), OK);
    EXPECT(message_receive((handle_t)port, &message, &info, deadline_default()), OK);
    EXPECT(info.badge == 100 && message.word[0] == 8 && ticks_now() >= deadline, true);
    // From another process, and after the port is gone, with a timer still running.
    message = (struct message){.tag = DO_SIGNAL | (uint64_t)RIGHT_SIGNAL << 32,
                               .word = {32}, .handle = {(handle_t)one}};
    EXPECT(ask(server.port, &message, 1000), OK);
    EXPECT(message_receive((handle_t)port, &message, &info, deadline_default()), OK);
    EXPECT(message.word[0], 32);
    EXPECT(system_timer_set((handle_t)one, 8, deadline_after(10 * MS)), OK);
    EXPECT(system_timer_set((handle_t)two, 8, deadline_after(15 * MS)), OK);
    EXPECT(system_handle_close((handle_t)port), OK);
    EXPECT(system_handle_close((handle_t)one), OK);
    EXPECT(sleep_until(deadline_after(30 * MS)), OK);
    EXPECT(message_signal((handle_t)two, 1), OK);
    EXPECT(system_handle_close((handle_t)two), OK);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"words", words},     {"registers", registers}, {"wrong", wrong},
        {"deadlines", deadlines}, {"kept", kept},       {"deaths", deaths},
        {"handles", handles}, {"many_handles", many_handles},     {"revoked", revoked},
        {"notifications", notifications},
        {"begun", begun},
    };
    EXPECT(landing_prepare_default(), OK);
    server = peer_start();
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        cases[i].run();
        printf("%s\n", cases[i].name);
    }
    peer_stop(&server);
    return 0;
}
