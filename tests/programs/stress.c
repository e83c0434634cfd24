// Servers and clients that call each other, and workers that do everything with memory and with
// processes, on all harts, while they are killed and started again at random:
//
//   stress SEED KILLS [MEMBERS]      so many kills
//   stress SEED SECONDSs [MEMBERS]   so many seconds, with fewer kills: members get further
//
// Then everything is ended: the kernel's walk of all its structures finds no error, and as many
// frames are free as before.
//
// A member is a server, a client or a worker by its place; all of them call other members. What
// they do follows from the seed, when it happens does not.

#include "message.h"
#include "settle.h"
#include "stress_worker.h"

#include <string.h>

static constexpr unsigned MEMBERS_MAXIMUM = 16;

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t limit) { return next_random() % limit; }

// --- a client ------------------------------------------------------------------------------------

static volatile uint64_t *page;

static void page_renew(void)
{
    if (system_memory_create(HANDLE_NONE, pages_parcel((uaddr_t)page, 1, PARCEL_NONE,
                                                       PARCEL_WRITABLE), MEMORY_PAGES) == OK)
        *page = 1;
}

// One call of a random kind. A lent page is touched afterwards: it waits, or is there.
static status_t call_somehow(handle_t port, handle_t own)
{
    struct message message = {.tag = below(8), .word = {next_random(), 2, 3, 4, 5}};
    uint64_t kind = below(8);
    if (kind == 0 || kind == 1)
        message.parcel = pages_parcel((uaddr_t)page, 1, PARCEL_LEND, kind ? PARCEL_WRITABLE : 0);
    if (kind == 2)
        message.parcel = pages_parcel((uaddr_t)page, 1, PARCEL_GIVE, PARCEL_WRITABLE);
    if (kind == 3) {
        message.handle[0] = own;
        message.tag |= (uint64_t)RIGHTS_ALL << TAG_RIGHTS_SHIFT;
    }
    ticks_t deadline = kind == 7 ? 0 : deadline_after((1 + below(20)) * MS);
    uint64_t first = message.word[0];
    status_t status = message_call(port, &message, deadline);
    if (status == OK && (int16_t)message.tag == OK && message.word[0] != first)
        exit(3); // an answer to another call
    if (status == OK && message.parcel != 0)
        (void)landing_free(message.parcel);
    if (kind == 2)
        page_renew();
    return status;
}

// Calls that this client begins beside those that it makes.
static constexpr unsigned BEGUN = 4;
static uint64_t begun[BEGUN], begun_word[BEGUN];

static void begin_somehow(handle_t port)
{
    unsigned i = (unsigned)below(BEGUN);
    struct message message = {.tag = below(8), .word = {next_random(), 2, 3, 4, 5}};
    uint64_t first = message.word[0];
    if (below(3) == 0)
        message.parcel = pages_parcel((uaddr_t)page, 1, PARCEL_LEND, PARCEL_WRITABLE);
    ticks_t deadline = below(2) == 0 ? 0 : deadline_after((1 + below(20)) * MS);
    if (message_begin((handle_t)begun[i], port, &message, deadline) == OK)
        begun_word[i] = first;
    if (below(4) == 0)
        (void)system_cancel((handle_t)begun[below(BEGUN)]);
}

// Whatever has arrived; each completion is that of the last begin of its object.
static void completions_take(handle_t own_port)
{
    struct message message;
    struct message_info info;
    while (message_receive(own_port, &message, &info, 1) == OK) {
        bool answered = info.kind == KIND_COMPLETION && !info.failed;
        if (answered && (int16_t)message.tag == OK && message.word[0] != begun_word[info.badge])
            exit(3);
        if (answered && message.parcel != 0)
            (void)landing_free(message.parcel);
    }
}

static int be_client(void)
{
    handle_t port = start_handle("uses");
    unsigned closed = 0;
    page = page_with(1);
    uint64_t own_port, own;
    EXPECT(system_port_create(0, &own_port), OK);
    EXPECT(system_notification_create((handle_t)own_port, 0, &own), OK);
    for (unsigned i = 0; i < BEGUN; i++)
        EXPECT(system_call_create((handle_t)own_port, i, &begun[i]), OK);
    while (closed < 3) {
        begin_somehow(port);
        closed = call_somehow(port, (handle_t)own) == ERR_PORT_CLOSED ? closed + 1 : 0;
        completions_take((handle_t)own_port);
    }
    return 0;
}

// --- a server ------------------------------------------------------------------------------------

static handle_t kept;

static void drop(const struct message *message)
{
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if (message->handle[i] != HANDLE_NONE)
            (void)system_handle_close(message->handle[i]);
    if (parcel_mode(message->parcel) == PARCEL_GIVE)
        (void)landing_free(message->parcel);
}

// Calls on, with what was borrowed lent on.
static void call_on(const struct message *request, handle_t uses)
{
    struct message message = {.tag = below(3), .word = {1, 2, 3}};
    if (uses == HANDLE_NONE)
        return;
    if (parcel_mode(request->parcel) == PARCEL_LEND)
        message.parcel = pages_parcel(parcel_address(request->parcel), 1, PARCEL_LEND, 0);
    (void)message_call(uses, &message, deadline_after((1 + below(10)) * MS));
}

static void kept_answer(void)
{
    struct message message = {.tag = (uint16_t)ERR_IO};
    if (kept != HANDLE_NONE && message_reply(kept, &message) != OK)
        (void)system_handle_close(kept);
    kept = HANDLE_NONE;
}

// What to do with a request by its tag; true if it is to be answered.
static bool serve(struct message *message, handle_t uses)
{
    switch (message->tag & 7) {
    case 0:
        call_on(message, uses);
        return true;
    case 1:
        return below(4) != 0;
    case 2:
        kept_answer();
        return message_keep(&kept) != OK;
    case 3:
        if (below(200) == 0)
            __builtin_trap();
        return true;
    case 4:
        if (parcel_mode(message->parcel) == PARCEL_LEND && (message->parcel & PARCEL_WRITABLE))
            *(volatile uint64_t *)parcel_address(message->parcel) += 1;
        return true;
    default:
        return true;
    }
}

static int be_server(void)
{
    handle_t port = start_handle("port"), uses = start_handle("uses");
    struct message message;
    struct message_info info;
    status_t status = message_receive(port, &message, &info, 0);
    for (;;) {
        bool answers = false;
        if (status == OK && info.kind == KIND_REQUEST) {
            struct message request = message;
            answers = serve(&request, uses);
            drop(&request);
        }
        message.parcel = 0;
        memset(message.handle, 0, sizeof message.handle);
        message.tag = OK;
        ticks_t deadline = below(16) == 0 ? deadline_after(MS) : 0;
        status = answers ? message_reply_receive(port, &message, &info, deadline)
                         : message_receive(port, &message, &info, deadline);
        if (status == ERR_BUSY)
            (void)system_yield();
        if (status == ERR_BUSY && answers)
            status = message_receive(port, &message, &info, deadline);
    }
}

// --- the one that kills --------------------------------------------------------------------------

static struct peer members[MEMBERS_MAXIMUM];
static unsigned member_count = 8;
static const char *seed_text;

// The even ones are servers, each of which may call the one before; the odd ones call the server
// before them, so two call servers that call each other's.
static void member_start(unsigned i)
{
    static const char *const roles[] = {"server", "client", "server", "worker"};
    handle_t uses = i != 0 ? members[i % 2 ? i - 1 : i - 2].port : HANDLE_NONE;
    members[i] = peer_start_limited("/test/stress", roles[i % 4], uses,
                                    i % 4 == 3 ? WORKER_FRAMES : PEER_FRAMES);
}

static void member_end(unsigned i)
{
    (void)system_process_end(members[i].child.process, 0);
}

static unsigned member_of(uint32_t number)
{
    for (unsigned i = 0; i < member_count; i++)
        if (members[i].child.number == number)
            return i;
    fail(__LINE__, "a death of", number, 0);
}

// Servers may crash and clients give up; workers go on until they are killed.
static void death_check(unsigned i, const struct child_end *end)
{
    if (end->cause == END_EXITED && end->status == 3 && i % 4 == 1)
        fail(__LINE__, "answered by another call's answer: member", i, -1);
    if (i % 4 == 3 && end->cause == END_EXITED)
        fail(__LINE__, "half of a worker's line that found an error", end->status, 0);
    if (i % 4 == 3 && end->cause == END_FAULTED)
        fail(__LINE__, "a worker faulted at", (int64_t)end->address, 0);
}

// Starts anew whoever has died until then.
static void deaths_take(ticks_t deadline, bool again, unsigned *alive)
{
    struct child_end end;
    status_t status;
    while (*alive != 0 && (status = child_wait(&end, deadline)) == OK) {
        unsigned i = member_of(end.number);
        child_close(&members[i].child);
        (void)system_handle_close(members[i].port);
        members[i] = (struct peer){};
        death_check(i, &end);
        if (again)
            member_start(i);
        else
            (*alive)--;
    }
    if (!again && *alive != 0)
        fail(__LINE__, "members that do not end", *alive, 0);
}

// So many kills, or as many as there are until a time, if one is given.
static void round_run(unsigned kills, ticks_t end)
{
    unsigned alive = member_count;
    uint64_t pause_ms = end != 0 ? 100 : 30;
    for (unsigned i = 0; i < member_count; i++)
        member_start(i);
    for (unsigned kill = 0; end != 0 ? ticks_now() < end : kill < kills; kill++) {
        member_end((unsigned)below(member_count));
        deaths_take(deadline_after(below(pause_ms) * MS + 1), true, &alive);
    }
    for (unsigned i = 0; i < member_count; i++)
        member_end(i);
    deaths_take(deadline_after(2 * SETTLE_NS), false, &alive);
}

int main(int argc, char **argv)
{
    EXPECT(landing_prepare_default(), OK);
    if (argc > 1 && strcmp(argv[1], "client") == 0)
        return state = start_page()->random[0] | 1, be_client();
    if (argc > 1 && strcmp(argv[1], "server") == 0)
        return state = start_page()->random[0] | 1, be_server();
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        be_worker();
    seed_text = argc > 1 ? argv[1] : "1";
    const char *amount = argc > 2 ? argv[2] : "50";
    unsigned number = (unsigned)atoi(amount);
    bool timed = amount[strlen(amount) - 1] == 's';
    if (argc > 3)
        member_count = (unsigned)atoi(argv[3]) % (MEMBERS_MAXIMUM + 1);
    state = strtoull(seed_text, nullptr, 10) * 2 + 1;
    printf("seed %s\n", seed_text);
    round_run(2, 0); // so that caches and tables have the size that they keep
    EXPECT(sleep_until(deadline_after(200 * MS)), OK);
    uint64_t before = frames_free();
    round_run(number, timed ? deadline_after(number * 1'000 * MS) : 0);
    settle(before);
    printf("clean\n");
    return 0;
}
