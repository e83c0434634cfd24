// A server that ends at its nth message, for every n of a fixed workload: what it holds then, and
// what it is sent afterwards, has the outcome that it should have, lent memory is back, and nothing
// is lost. It is called by itself, in the middle and at the end of a chain of loans, and by begun
// calls; each step of the workload is one message to it.

#include "message.h"
#include "settle.h"

#include <string.h>

static constexpr uint64_t BEFORE = 41, WRITTEN = 42;

static struct peer victim, second;
static volatile uint64_t *page; // lent again and again
static handle_t own_port, begun;

// What a step should answer if the server ends when it takes this step's message, or has ended.
static status_t expected(unsigned step, unsigned ends_at)
{
    return step < ends_at ? OK : step == ends_at ? ERR_PEER_DIED : ERR_PORT_CLOSED;
}

static struct message carrying(enum deed deed, volatile uint64_t *what, enum parcel_mode mode,
                               uint64_t rights)
{
    return (struct message){.tag = deed, .word = {WRITTEN},
                            .parcel = pages_parcel((uaddr_t)what, 1, mode, rights)};
}

static uint8_t state_of(volatile uint64_t *what)
{
    uint64_t found, charge;
    EXPECT(system_parcel_query((uaddr_t)what, &found, &charge), OK);
    return (uint8_t)(found >> 56);
}

static void echo(status_t should)
{
    struct message message = {.tag = DO_ECHO, .word = {1, 2, 3, 4, 5}};
    EXPECT(ask(victim.port, &message, 5000), should);
    EXPECT(should != OK || (message.word[0] == 1 && message.word[4] == 5), true);
}

static void lend_to_write(status_t should)
{
    *page = BEFORE;
    struct message message = carrying(DO_WRITE, page, PARCEL_LEND, PARCEL_WRITABLE);
    EXPECT(ask(victim.port, &message, 5000), should);
    EXPECT(*page, should == OK ? WRITTEN : BEFORE);
}

static void lend_to_read(status_t should)
{
    struct message message = carrying(DO_ECHO, page, PARCEL_LEND, 0);
    EXPECT(ask(victim.port, &message, 5000), should);
    *page = BEFORE;
}

// Taken with the request, or still there.
static void give(status_t should)
{
    volatile uint64_t *gift = page_with(1);
    struct message message = carrying(DO_DROP, gift, PARCEL_GIVE, PARCEL_WRITABLE);
    EXPECT(ask(victim.port, &message, 5000), should);
    EXPECT(state_of(gift), should == ERR_PORT_CLOSED ? SLOT_PAGE : SLOT_EMPTY);
    if (should == ERR_PORT_CLOSED)
        pages_free((void *)(uaddr_t)gift, 1);
    else
        slots_free((uaddr_t)gift, 1);
}

static void clone(status_t should)
{
    struct message message = carrying(DO_DROP, page, PARCEL_CLONE, PARCEL_WRITABLE);
    EXPECT(ask(victim.port, &message, 5000), should);
    EXPECT(*page, BEFORE);
}

static void be_given(status_t should)
{
    struct message message = {.tag = DO_GIVE, .word = {7}};
    EXPECT(ask(victim.port, &message, 5000), should);
    if (should != OK)
        return;
    EXPECT(*(volatile uint64_t *)parcel_address(message.parcel), 7);
    EXPECT(landing_free(message.parcel), OK);
}

static void move_handle(status_t should)
{
    uint64_t handle;
    EXPECT(system_notification_create(own_port, 1, &handle), OK);
    struct message message = {
        .tag = DO_HANDLES | 1ull << TAG_MOVE_SHIFT | (uint64_t)RIGHT_SIGNAL << TAG_RIGHTS_SHIFT,
        .handle = {(handle_t)handle}};
    EXPECT(ask(victim.port, &message, 5000), should);
    EXPECT(system_handle_close((handle_t)handle),
           should == ERR_PORT_CLOSED ? OK : ERR_BAD_HANDLE);
}

// The first lends on to the next; word 0 of its answer is how that went.
static status_t chain(const struct peer *first, const struct peer *next, status_t *inner)
{
    struct message message = {.tag = DO_LEND_ON | (uint64_t)RIGHT_CALL << TAG_RIGHTS_SHIFT,
                              .word = {5000, 0},
                              .parcel = pages_parcel((uaddr_t)page, 1, PARCEL_LEND, 0),
                              .handle = {next->port}};
    status_t status = ask(first->port, &message, 5000);
    *inner = (status_t)message.word[0];
    *page = BEFORE;
    return status;
}

static void be_in_the_middle(status_t should)
{
    status_t inner;
    EXPECT(chain(&victim, &second, &inner), should);
    EXPECT(should != OK || inner == OK, true);
}

static void be_last(status_t should)
{
    status_t inner;
    EXPECT(chain(&second, &victim, &inner), OK);
    EXPECT(inner, should);
}

static void completion_expect(status_t should)
{
    struct message message;
    struct message_info info;
    EXPECT(message_receive(own_port, &message, &info, deadline_default()), OK);
    EXPECT(info.kind == KIND_COMPLETION && info.failed == (should != OK), true);
    EXPECT(info.taken, should == ERR_PEER_DIED);
    EXPECT(message_reply_status(&message), should);
}

// Whether it was sent. Of a server that has just ended the port may still be open: then the call
// completes with what begin answers otherwise.
static bool begin_with(enum deed deed, status_t should)
{
    struct message message = carrying(deed, page, PARCEL_LEND, PARCEL_WRITABLE);
    status_t status = message_begin(begun, victim.port, &message, 0);
    EXPECT(status == OK || (status == should && should == ERR_PORT_CLOSED), true);
    return status == OK;
}

static void begin(status_t should)
{
    if (begin_with(DO_WRITE, should))
        completion_expect(should);
    EXPECT(*page, should == OK ? WRITTEN : BEFORE);
    *page = BEFORE;
}

// Kept, with a loan; then answered, unless the server ends before.
static void begin_kept(status_t should)
{
    if (begin_with(DO_KEEP, should) && should != OK)
        completion_expect(should);
}

static void answer_kept(status_t should)
{
    EXPECT(ask_words(victim.port, DO_ANSWER, 0, 0, 0), should);
    if (should != ERR_PORT_CLOSED)
        completion_expect(should);
    EXPECT(*page, BEFORE);
}

static void (*const steps[])(status_t should) = {
    echo,        lend_to_write,    lend_to_read, give,  clone,      be_given,
    move_handle, be_in_the_middle, be_last,      begin, begin_kept, answer_kept,
};
static constexpr unsigned STEPS = sizeof steps / sizeof *steps;

// With STEPS + 1 the server outlives the workload.
static void workload(unsigned ends_at)
{
    char number[8];
    snprintf(number, sizeof number, "%u", ends_at);
    victim = peer_start_program("/test/message_server", number, HANDLE_NONE);
    for (unsigned i = 0; i < STEPS; i++)
        steps[i](expected(i + 1, ends_at));
    if (ends_at > STEPS)
        EXPECT(system_process_end(victim.child.process, 0), OK);
    struct child_end end;
    EXPECT(child_wait(&end, deadline_default()), OK);
    EXPECT(end.number == victim.child.number, true);
    EXPECT(end.cause, ends_at > STEPS ? END_KILLED : END_FAULTED);
    child_close(&victim.child);
    (void)system_handle_close(victim.port);
}

int main(void)
{
    uint64_t handle, used, used_after, limit;
    EXPECT(landing_prepare_default(), OK);
    EXPECT(system_port_create(0, &handle), OK);
    own_port = (handle_t)handle;
    EXPECT(system_call_create(own_port, 0, &handle), OK);
    begun = (handle_t)handle;
    page = page_with(BEFORE);
    second = peer_start();
    for (unsigned i = 0; i < 2; i++) // so that caches and tables have the size that they keep
        workload(STEPS + 1 - i);
    EXPECT(sleep_until(deadline_after(200 * MS)), OK);
    uint64_t before = frames_free();
    EXPECT(system_account_query(HANDLE_NONE, &used, &limit), OK);
    for (unsigned ends_at = 1; ends_at <= STEPS + 1; ends_at++) {
        workload(ends_at);
        settle(before);
        EXPECT(system_account_query(HANDLE_NONE, &used_after, &limit), OK);
        EXPECT(used_after, used);
    }
    peer_stop(&second);
    printf("%u messages\n", STEPS);
    return 0;
}
