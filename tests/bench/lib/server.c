#include "server.h"

#include "measure.h"
#include "taker.h"

#include <abi/layout.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>

#include <stdlib.h>
#include <string.h>

static constexpr uint64_t NOTIFICATION_BADGE = 1;
static constexpr uint64_t SERVER_FRAMES = 768;
static constexpr uint64_t LARGE_FRAMES = 262'657; // what 1 GiB is charged
static constexpr uint64_t LARGE_DISTANCE = 64ull << 30;

// --- the plain server: messages by hand, as few instructions as there can be ---------------------

// Windows of one entry of levels 1 to 3.
static parcel_t large_slot(unsigned level)
{
    return parcel_make(LAYOUT_SLOTS + level * LARGE_DISTANCE, level, 1, PARCEL_NONE, 0);
}

static void large_prepare(void)
{
    measure_demand(system_slot_prepare(large_slot(1), 1), "a window of 4 KiB");
    measure_demand(system_slot_prepare(large_slot(2), 1), "a window of 2 MiB");
    measure_demand(system_slot_prepare(large_slot(3), 1), "a window of 1 GiB");
    measure_demand(system_accept(LARGE_FRAMES, MESSAGE_HANDLES, 0), "accepting 1 GiB");
}

static status_t large_free(parcel_t given)
{
    parcel_t slot = large_slot(parcel_level(given));
    status_t status = system_memory_free(slot);
    return status == OK ? system_slot_prepare(slot, 1) : status;
}

static parcel_t came; // with the last request that brought one

static status_t gift_drop(void)
{
    parcel_t gift = came;
    came = 0;
    bool large = parcel_address(gift) == parcel_address(large_slot(parcel_level(gift)));
    return large ? large_free(gift) : landing_free(gift);
}

// Everything but an echo; by value, so that the echo's message stays in registers.
[[gnu::noinline]] static struct message answer_other(struct message request, enum message_kind kind)
{
    static uint32_t woken;
    if (kind == KIND_NOTIFICATION) {
        woken = (uint32_t)request.word[1];
        return (struct message){};
    }
    if (request.tag == PLAIN_WOKEN)
        return (struct message){.word = {woken}};
    status_t status = OK;
    if (request.tag == PLAIN_DROP && parcel_mode(came) == PARCEL_GIVE)
        status = gift_drop();
    return (struct message){.tag = (uint16_t)status};
}

static void serve_plain(handle_t port)
{
    struct message message;
    struct message_info info;
    status_t status = message_receive(port, &message, &info, 0);
    for (;;) {
        if (info.kind == KIND_NOTIFICATION) [[clang::unlikely]] {
            message.word[1] = measure_ticks();
            (void)answer_other(message, info.kind);
            status = message_receive(port, &message, &info, 0);
            continue;
        }
        if (status != OK) [[clang::unlikely]]
            measure_demand(status, "receiving");
        if (message.tag == PLAIN_ECHO) [[clang::likely]] {
            message.tag = OK;
            if (message.parcel != 0) {
                came = message.parcel;
                message.parcel = 0; // a loan goes home by itself
            }
            memset(message.handle, 0, sizeof message.handle);
        } else {
            message = answer_other(message, info.kind);
        }
        status = message_reply_receive(port, &message, &info, 0);
    }
}

static void serve_large(handle_t port)
{
    large_prepare();
    serve_plain(port);
}

// --- the typed server: protocol bench as generated -----------------------------------------------

static status_t echo(struct request *request, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, struct bench_echo_results *results)
{
    (void)request;
    *results = (struct bench_echo_results){a, b, c, d, e};
    return OK;
}

static status_t lend(struct request *request, parcel_t data)
{
    (void)request;
    (void)data;
    return OK;
}

static void serve_typed(handle_t port)
{
    static const struct bench_server handlers = {.echo = echo, .lend = lend};
    struct server server = {.port = port, .protocols = {bench_serve(&handlers)}};
    measure_demand(server_run(&server), "serving");
}

// --- roles ---------------------------------------------------------------------------------------

static void keep_yielding(handle_t port)
{
    (void)port;
    for (;;)
        (void)system_yield();
}

static const struct role {
    const char *name;
    void (*serve)(handle_t port); // does not return
    uint64_t frames;              // what it may use beyond SERVER_FRAMES
} roles[] = {
    {"plain", serve_plain, 0},
    {"large", serve_large, LARGE_FRAMES},
    {"taker", taker_serve, LARGE_FRAMES},
    {"typed", serve_typed, 0},
    {"yielder", keep_yielding, 0},
};

static const struct role *role_find(const char *name)
{
    for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return nullptr;
}

void server_become(int argc, char **argv)
{
    if (argc < 2)
        return;
    const struct role *role = role_find(argv[1]);
    if (role == nullptr || role->serve != serve_large)
        measure_demand(landing_prepare_default(), "landing windows");
    if (role != nullptr)
        role->serve(start_handle("bench"));
    measure_demand(ERR_BAD_ARGUMENT, argv[1]);
}

void server_start(const char *path, const char *role, struct server_process *server)
{
    uint64_t port, call, notification;
    measure_demand(system_port_create(BENCH_PROTOCOL, &port), "a port");
    measure_demand(system_port_derive((handle_t)port, 0, RIGHT_CALL, &call), "a handle to call");
    measure_demand(system_notification_create((handle_t)port, NOTIFICATION_BADGE, &notification),
                   "a notification");
    static const char *const names[] = {"stdout", nullptr};
    struct spawn_handle handles[2] = {{"bench", (handle_t)port, RIGHTS_ALL, true}};
    struct spawn what = {
        .program = start_handle("program"),
        .path = path,
        .name = role,
        .arguments = (const char *const[]){path, role, nullptr},
        .handles = handles,
        .handle_count = 1 + spawn_handles_inherit(names, handles + 1, 1),
        .limit_frames = SERVER_FRAMES + role_find(role)->frames,
    };
    measure_demand(spawn(&what, HANDLE_NONE, 0, &server->child), role);
    server->port = (handle_t)call;
    server->notification = (handle_t)notification;
}

void server_stop(struct server_process *server)
{
    struct child_end end;
    measure_demand(system_process_end(server->child.process, 0), "ending a server");
    measure_demand(child_wait(&end, 0), "a server's end");
    child_close(&server->child);
    (void)system_handle_close(server->port);
    (void)system_handle_close(server->notification);
}
