// Memory that travels with messages: loans, gifts, clones, refusals, and what becomes of loans when
// one side ends.

#include "message.h"

#include <abi/layout.h>
#include <string.h>

static struct peer server, second;

static parcel_t page_of(volatile uint64_t *page, enum parcel_mode mode, uint64_t rights)
{
    return pages_parcel((uaddr_t)page, 1, mode, rights);
}

static status_t send(struct peer *peer, enum deed deed, uint64_t word, parcel_t parcel,
                     uint64_t ms)
{
    struct message message = {.tag = deed, .word = {word}, .parcel = parcel};
    return ask(peer->port, &message, ms);
}

static void lend(void)
{
    volatile uint64_t *page = page_with(41);
    parcel_t loan = page_of(page, PARCEL_LEND, PARCEL_WRITABLE);
    for (unsigned i = 0; i < 20; i++) {
        struct message message = {.tag = DO_WRITE, .word = {42 + i}, .parcel = loan};
        EXPECT(ask(server.port, &message, 1000), OK);
        EXPECT(message.word[0], 41 + i);
        EXPECT(*page, 42 + i);
    }
    EXPECT(send(&server, DO_IGNORE, 0, loan, 1000), ERR_NO_REPLY);
    *page = 5;
    struct message message = {.tag = DO_ABUSE, .parcel = loan};
    EXPECT(ask(server.port, &message, 1000), OK);
    for (unsigned i = 0; i < 3; i++)
        EXPECT(message.word[i], ERR_BUSY);
    EXPECT(message.word[4], ERR_EMPTY);
    EXPECT(*page, 5);
    pages_free((void *)(uaddr_t)page, 1);
}

static void give(void)
{
    for (unsigned i = 0; i < 20; i++) {
        volatile uint64_t *page = page_with(i);
        EXPECT(send(&server, DO_DROP, 0, page_of(page, PARCEL_GIVE, PARCEL_WRITABLE), 1000), OK);
        EXPECT(send(&server, DO_DROP, 0, page_of(page, PARCEL_GIVE, 0), 1000), ERR_EMPTY);
        slots_free((uaddr_t)page, 1);
        struct message message = {.tag = DO_GIVE, .word = {i + 1}};
        EXPECT(ask(server.port, &message, 1000), OK);
        EXPECT(*(volatile uint64_t *)parcel_address(message.parcel), i + 1);
        EXPECT(landing_free(message.parcel), OK);
    }
}

static void clone(void)
{
    volatile uint64_t *page = page_with(1);
    EXPECT(send(&server, DO_DROP, 0, page_of(page, PARCEL_CLONE, PARCEL_WRITABLE), 1000), OK);
    EXPECT(*page, 1);
    *page = 2;
    EXPECT(*page, 2);
    pages_free((void *)(uaddr_t)page, 1);
}

static void refusals(void)
{
    volatile uint64_t *page = page_with(1);
    parcel_t gift = page_of(page, PARCEL_GIVE, PARCEL_WRITABLE);
    EXPECT(ask_words(server.port, DO_ACCEPT, 0, 4, 0), OK); // no charge
    EXPECT(send(&server, DO_DROP, 0, gift, 1000), ERR_NO_SLOT);
    EXPECT(ask_words(server.port, DO_ACCEPT, 64, 4, 0), OK);
    parcel_t two = pages_parcel((uaddr_t)page, 2, PARCEL_LEND, 0); // the second is not there
    EXPECT(send(&server, DO_ECHO, 0, two, 1000), ERR_EMPTY);
    parcel_t wide = parcel_make(LAYOUT_SLOTS_END - level_size(2), 2, 1, PARCEL_LEND, 0);
    EXPECT(send(&server, DO_ECHO, 0, wide, 1000) != OK, true);
    EXPECT(*page, 1);
    pages_free((void *)(uaddr_t)page, 1);
    void *run;
    EXPECT(pages_allocate(32, &run), OK); // more than a window of the server's
    EXPECT(send(&server, DO_ECHO, 0, pages_parcel((uaddr_t)run, 32, PARCEL_LEND, 0), 1000),
           ERR_NO_SLOT);
    EXPECT(send(&server, DO_ECHO, 0, pages_parcel((uaddr_t)run, 16, PARCEL_LEND, 0), 1000), OK);
    memset(run, 7, 32 * PAGE_SIZE);
    pages_free(run, 32);
}

static uint64_t kept_by(const struct peer *peer)
{
    struct message message = {.tag = DO_COUNT};
    EXPECT(ask(peer->port, &message, 5000), OK);
    return message.word[0];
}

// The lender gives up while the server holds the loan; touching it waits until it is back.
static void late(void)
{
    volatile uint64_t *page = page_with(1);
    uint64_t kept = kept_by(&server), own, call;
    EXPECT(send(&server, DO_KEEP, 0, page_of(page, PARCEL_LEND, PARCEL_WRITABLE), 300),
           ERR_TIMED_OUT);
    EXPECT(system_memory_free(page_of(page, PARCEL_NONE, 0)), ERR_BUSY);
    EXPECT(system_port_create(0, &own), OK);
    EXPECT(system_call_create((handle_t)own, 0, &call), OK);
    struct message message = {.tag = DO_ANSWER, .word = {kept, 0, 200}};
    struct message_info info;
    EXPECT(message_begin((handle_t)call, server.port, &message, 0), OK);
    EXPECT(*page, 1);
    EXPECT(message_receive((handle_t)own, &message, &info, deadline_default()), OK);
    EXPECT(message_reply_status(&message), ERR_CANCELLED);
    EXPECT(system_handle_close((handle_t)call), OK);
    EXPECT(system_handle_close((handle_t)own), OK);
    EXPECT(send(&server, DO_WRITE, 9, page_of(page, PARCEL_LEND, PARCEL_WRITABLE), 1000), OK);
    EXPECT(*page, 9);
    pages_free((void *)(uaddr_t)page, 1);
}

static status_t lend_on(struct peer *through, uint64_t deadline_ms, uint64_t wait_ms,
                        enum deed then, parcel_t loan, uint64_t *inner)
{
    struct message message = {
        .tag = DO_LEND_ON | (uint64_t)RIGHT_CALL << 32,
        .word = {deadline_ms, wait_ms, then},
        .parcel = loan,
        .handle = {second.port},
    };
    status_t status = ask(through->port, &message, 3000);
    *inner = message.word[0];
    return status;
}

// A chain of loans: what the one in the middle may do while the last still has it.
static void chain(void)
{
    volatile uint64_t *page = page_with(3);
    parcel_t loan = page_of(page, PARCEL_LEND, 0);
    uint64_t inner;
    EXPECT(lend_on(&server, 1000, 1, (enum deed)0, loan, &inner), OK);
    EXPECT(inner, OK);
    EXPECT(*page, 3);
    // Its call times out; then it answers, receives again, dies: the loan is still lent on.
    EXPECT(lend_on(&server, 100, 400, (enum deed)0, loan, &inner), ERR_BUSY);
    EXPECT(*page, 3);
    struct peer victim = peer_start();
    EXPECT(lend_on(&victim, 100, 400, DO_IGNORE, loan, &inner), ERR_PEER_DIED);
    EXPECT(*page, 3);
    peer_wait(&victim);
    victim = peer_start();
    EXPECT(lend_on(&victim, 100, 400, DO_DIE, loan, &inner), ERR_PEER_DIED);
    *page = 4;
    peer_wait(&victim);
    victim = peer_start();
    struct message message = {.tag = DO_LEND_ON | (uint64_t)RIGHT_CALL << 32,
                              .word = {100, 1000, DO_KEEP}, .parcel = loan,
                              .handle = {second.port}};
    EXPECT(ask(victim.port, &message, 400), ERR_TIMED_OUT);
    EXPECT(ask_words(victim.port, DO_CLOSE, 0, 0, 0), ERR_BUSY);
    EXPECT(system_process_end(victim.child.process, 0), OK);
    EXPECT(*page, 4);
    peer_wait(&victim);
    pages_free((void *)(uaddr_t)page, 1);
}

// Two loans are out when the lender ends; its memory goes when both are home.
static void lender_ends(void)
{
    struct child_end end;
    uint64_t kept = kept_by(&second);
    struct peer victim = peer_start_program("/test/message_memory", "lender", second.port);
    while (kept_by(&second) != kept + 2)
        EXPECT(sleep_until(deadline_after(10 * MS)), OK);
    EXPECT(system_process_end(victim.child.process, 0), OK);
    for (uint64_t i = kept; i < kept + 2; i++) {
        EXPECT(child_wait(&end, deadline_after(300 * MS)), ERR_TIMED_OUT);
        EXPECT(ask_words(second.port, DO_CLOSE, i, 0, 0), OK);
    }
    peer_wait(&victim);
}

// One with a call that it has begun, one with its own; neither has a deadline.
static int be_lender(void)
{
    volatile uint64_t *one = page_with(1), *two = page_with(2);
    handle_t port = start_handle("uses");
    struct message message = {.tag = DO_KEEP, .parcel = page_of(one, PARCEL_LEND, 0)};
    uint64_t own, call;
    EXPECT(system_port_create(0, &own), OK);
    EXPECT(system_call_create((handle_t)own, 0, &call), OK);
    EXPECT(message_begin((handle_t)call, port, &message, 0), OK);
    message = (struct message){.tag = DO_KEEP, .parcel = page_of(two, PARCEL_LEND, 0)};
    EXPECT(message_call(port, &message, 0), OK);
    return 0;
}

static void death_with_loan(void)
{
    volatile uint64_t *page = page_with(1);
    parcel_t loan = page_of(page, PARCEL_LEND, PARCEL_WRITABLE);
    struct peer victim = peer_start();
    EXPECT(send(&victim, DO_DIE, 0, loan, 5000), ERR_PEER_DIED);
    *page = 2;
    EXPECT(send(&victim, DO_ECHO, 0, loan, 5000), ERR_PORT_CLOSED);
    *page = 3;
    peer_wait(&victim);
    pages_free((void *)(uaddr_t)page, 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"lend", lend},   {"give", give},   {"clone", clone}, {"refusals", refusals},
        {"late", late},   {"chain", chain}, {"death_with_loan", death_with_loan},
        {"lender_ends", lender_ends},
    };
    if (argc > 1 && strcmp(argv[1], "lender") == 0)
        return be_lender();
    EXPECT(landing_prepare_default(), OK);
    server = peer_start();
    second = peer_start();
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        cases[i].run();
        printf("%s\n", cases[i].name);
    }
    peer_stop(&server);
    peer_stop(&second);
    return 0;
}
