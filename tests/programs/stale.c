// Translations that outlive what they translate: `stale [ROUNDS]`. Threads write at full speed, on
// whatever harts there are, to pages that another thread lends, clones, gives, frees and protects.
// None of them may reach a page once the system call has returned, and none may go on reading an
// old one. Each case prints its name when it has passed.
//
// Who writes to a page that is gone is ended by a fault, so what is given, freed and protected is
// tried in children, each of which has to end in just that way.

#include "message.h"

#include <abi/query.h>

#include <stdatomic.h>
#include <string.h>

static constexpr unsigned WRITERS = 3;
static constexpr uint64_t WATCH_NS = 300'000;
static constexpr uint64_t MARK = 1ull << 32; // a borrower adds it to each word

static unsigned rounds = 100;
static volatile uint64_t *page;
static _Atomic bool stopped;
static _Atomic unsigned ended;
static _Atomic uint64_t turns[WRITERS];  // of each writer's loop
static _Atomic uint64_t wrong[WRITERS];  // words that were not as their only writer left them
static handle_t uses;

static void thread_start(void (*entry)(uint64_t), uint64_t argument)
{
    void *stack;
    uint64_t handle;
    EXPECT(pages_allocate(2, &stack), OK);
    EXPECT(system_thread_create(HANDLE_NONE, (uaddr_t)entry, (uaddr_t)stack + 2 * PAGE_SIZE - 8,
                                argument, &handle),
           OK);
}

[[noreturn]] static void thread_stop(void)
{
    ended++;
    for (;;)
        (void)system_thread_end();
}

// Each has a word of its own, whose low half only it changes; by one instruction, so that nothing
// lies between what it has read and what it writes.
static void writer(uint64_t index)
{
    uint32_t count = (uint32_t)page[index];
    while (!stopped) {
        uint64_t word = atomic_fetch_add((volatile _Atomic uint64_t *)&page[index], 1);
        wrong[index] += (uint32_t)word != count;
        count = (uint32_t)word + 1;
        turns[index]++;
    }
    thread_stop();
}

static void writers_start(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        thread_start(writer, i);
        while (turns[i] < 10)
            (void)system_yield();
    }
}

static void writers_stop(unsigned count)
{
    stopped = true;
    while (ended < count)
        (void)system_yield();
    for (unsigned i = 0; i < count; i++)
        EXPECT(wrong[i], 0);
}

// So that every writer has its translation anew.
static void writers_await(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (uint64_t before = turns[i]; turns[i] < before + 3;)
            (void)system_yield();
}

// Whether somebody changes a page meanwhile.
static bool changes(const volatile uint64_t *watched)
{
    uint64_t before[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++)
        before[i] = watched[i];
    ticks_t until = deadline_after(WATCH_NS);
    while (ticks_now() < until)
        for (unsigned i = 0; i < WRITERS; i++)
            if (watched[i] != before[i])
                return true;
    return false;
}

// --- several writers -----------------------------------------------------------------------------

// Answers with whether what it borrowed or got was changed; marks it.
[[noreturn]] static void be_borrower(void)
{
    handle_t port = start_handle("port");
    struct message message;
    struct message_info info;
    EXPECT(message_receive(port, &message, &info, 0), OK);
    for (;;) {
        volatile uint64_t *borrowed = (volatile uint64_t *)parcel_address(message.parcel);
        for (unsigned i = 0; i < WRITERS; i++)
            borrowed[i] += MARK;
        message = (struct message){.word = {changes(borrowed)}};
        EXPECT(message_reply_receive(port, &message, &info, 0), OK);
    }
}

// What touches a loan waits, so all of them run on.
static void be_lender(void)
{
    uint64_t marks[WRITERS] = {};
    page = page_with(0);
    writers_start(WRITERS);
    for (unsigned i = 0; i < rounds; i++) {
        struct message message = {
            .parcel = pages_parcel((uaddr_t)page, 1, PARCEL_LEND, PARCEL_WRITABLE)};
        EXPECT(ask(uses, &message, 5000), OK);
        EXPECT(message.word[0], false);
        writers_await(WRITERS);
        for (unsigned j = 0; j < WRITERS; j++)
            EXPECT(page[j] / MARK, ++marks[j]);
    }
    writers_stop(WRITERS);
}

// A clone keeps what was there; the writers get pages of their own, and see what the others write.
static void be_cloner(void)
{
    page = page_with(0);
    uaddr_t place = slots_allocate(1);
    writers_start(WRITERS);
    for (unsigned i = 0; i < rounds; i++) {
        EXPECT(system_memory_clone(pages_parcel((uaddr_t)page, 1, PARCEL_NONE, 0), place), OK);
        EXPECT(changes((volatile uint64_t *)place), false);
        writers_await(WRITERS);
        for (unsigned j = 0; j < WRITERS; j++) {
            uint64_t seen = turns[j];
            EXPECT((uint32_t)page[j] >= (uint32_t)seen, true);
        }
        EXPECT(system_memory_free(pages_parcel(place, 1, PARCEL_NONE, 0)), OK);
    }
    writers_stop(WRITERS);
}

// --- one writer, which ends its process ----------------------------------------------------------

[[noreturn]] static void await_end(void)
{
    for (;;)
        (void)system_yield();
}

[[noreturn]] static void be_giver(void)
{
    page = page_with(0);
    writers_start(1);
    struct message message = {
        .parcel = pages_parcel((uaddr_t)page, 1, PARCEL_GIVE, PARCEL_WRITABLE)};
    (void)ask(uses, &message, 5000);
    await_end();
}

// Frames that were freed come back as others' pages: here as its own.
[[noreturn]] static void be_freer(void)
{
    static constexpr unsigned PAGES = 16;
    void *others;
    page = page_with(0);
    writers_start(1);
    EXPECT(system_memory_free(pages_parcel((uaddr_t)page, 1, PARCEL_NONE, 0)), OK);
    EXPECT(pages_allocate(PAGES, &others), OK);
    for (unsigned i = 0; i < PAGES; i++) {
        const volatile uint64_t *word = (uint64_t *)((char *)others + i * PAGE_SIZE);
        EXPECT(*word, 0);
    }
    await_end();
}

[[noreturn]] static void be_protector(void)
{
    page = page_with(0);
    writers_start(1);
    EXPECT(system_memory_protect(pages_parcel((uaddr_t)page, 1, PARCEL_NONE, 0)), OK);
    EXPECT(changes(page), false);
    await_end();
}

// --- a lender that waits -------------------------------------------------------------------------

struct flushes {
    uint64_t pages, ipis, keeps;
};

static struct flushes flushes_read(void)
{
    static void *answer;
    uint64_t count;
    struct flushes flushes = {};
    if (answer == nullptr)
        EXPECT(pages_allocate(1, &answer), OK);
    EXPECT(system_system_query(start_handle("system"), QUERY_HARTS, 0, (uaddr_t)answer, &count),
           OK);
    const struct query_hart *harts = answer;
    for (uint64_t i = 0; i < count; i++) {
        flushes.pages += harts[i].page_flushes;
        flushes.ipis += harts[i].flush_ipis;
        flushes.keeps += harts[i].space_keeps;
    }
    return flushes;
}

// Nobody is asked for anything, and nothing is dropped by page. Says how often a space was loaded
// that kept its translations: each time that this one comes back, where the processor has PCIDs.
static void be_waiting(void)
{
    page = page_with(0);
    uint64_t keeps = flushes_read().keeps;
    for (unsigned i = 0; i < rounds; i++) {
        struct message message = {
            .parcel = pages_parcel((uaddr_t)page, 1, PARCEL_LEND, PARCEL_WRITABLE)};
        struct flushes before = flushes_read();
        EXPECT(ask(uses, &message, 5000), OK);
        struct flushes after = flushes_read();
        EXPECT(after.ipis - before.ipis, 0);
        EXPECT(after.pages - before.pages, 0);
        EXPECT(page[0], (i + 1) * MARK);
    }
    printf("kept %lu\n", flushes_read().keeps - keeps);
}

// --- the parent ----------------------------------------------------------------------------------

static struct peer child_start(const char *role, handle_t with)
{
    char argument[32];
    snprintf(argument, sizeof argument, "%s%u", role, rounds);
    return peer_start_program("/test/stale", argument, with);
}

static void child_passes(const char *role)
{
    struct peer borrower = child_start("borrower", HANDLE_NONE);
    struct peer child = child_start(role, borrower.port);
    struct child_end end;
    EXPECT(child_wait(&end, deadline_after(100'000 * MS)), OK);
    EXPECT(end.number, child.child.number);
    EXPECT(end.cause, END_EXITED);
    EXPECT(end.status, 0);
    child_close(&child.child);
    (void)system_handle_close(child.port);
    peer_stop(&borrower);
    printf("%s\n", role);
}

// Takes the gift of a child, if it gives one: nobody writes there any more.
static void gift_take(handle_t port)
{
    struct message message;
    struct message_info info;
    EXPECT(message_receive(port, &message, &info, deadline_after(10'000 * MS)), OK);
    EXPECT(info.kind, KIND_REQUEST);
    EXPECT(changes((volatile uint64_t *)parcel_address(message.parcel)), false);
    EXPECT(landing_free(message.parcel), OK);
    message = (struct message){};
    (void)message_reply(HANDLE_NONE, &message);
}

static void children_fault(const char *role, bool gives)
{
    uint64_t port, call;
    EXPECT(system_port_create(0, &port), OK);
    EXPECT(system_port_derive((handle_t)port, 7, RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER,
                              &call),
           OK);
    for (unsigned i = 0; i < rounds; i++) {
        struct peer child = child_start(role, (handle_t)call);
        struct child_end end;
        if (gives)
            gift_take((handle_t)port);
        EXPECT(child_wait(&end, deadline_after(10'000 * MS)), OK);
        EXPECT(end.cause, END_FAULTED);
        EXPECT(end.number, child.child.number);
        child_close(&child.child);
        (void)system_handle_close(child.port);
    }
    (void)system_handle_close((handle_t)call);
    (void)system_handle_close((handle_t)port);
    printf("%s\n", role);
}

static int role_play(const char *role)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } roles[] = {
        {"borrower", be_borrower}, {"lender", be_lender},       {"cloner", be_cloner},
        {"giver", be_giver},       {"freer", be_freer},         {"protector", be_protector},
        {"waiting", be_waiting},
    };
    uses = start_handle("uses");
    for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++) {
        size_t length = strlen(roles[i].name);
        if (strncmp(role, roles[i].name, length) != 0)
            continue;
        rounds = (unsigned)atoi(role + length);
        roles[i].run();
        return 0;
    }
    return 2;
}

int main(int argc, char **argv)
{
    bool parent = argc < 2 || (argv[1][0] >= '0' && argv[1][0] <= '9');
    EXPECT(landing_prepare_default(), OK);
    if (!parent)
        return role_play(argv[1]);
    if (argc > 1)
        rounds = (unsigned)atoi(argv[1]);
    child_passes("waiting");
    child_passes("lender");
    child_passes("cloner");
    rounds = rounds / 10 + 1; // each is a process
    children_fault("giver", true);
    children_fault("freer", false);
    children_fault("protector", false);
    return 0;
}
