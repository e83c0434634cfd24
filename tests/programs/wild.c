// Calls every system call with wild arguments and prints how many calls were made. Whatever they
// answer, the program has to be alive at the end, and the system too.
//
// Left out: what would rightly end this program or the system, or wait for ever without a deadline.

#include <baton/message.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>
#include <abi/layout.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static constexpr unsigned NUMBERS = 256;
static constexpr uint64_t WAIT_NS = 1'000'000;

static const uint64_t values[] = {
    0,
    1,
    2,
    7,
    0xfff,
    0x1000,
    0xffff,
    0x1'0000,
    0xffff'ffff,
    0x1'0000'0000,
    LAYOUT_LOWEST - 0x1000,
    LAYOUT_SLOTS,
    LAYOUT_SLOTS | 511,
    LAYOUT_STACK_TOP - 0x1000,
    LAYOUT_START_PAGE,
    LAYOUT_LIMIT - 0x1000,
    LAYOUT_LIMIT,
    0x7fff'ffff'f000,
    0x8000'0000'0000,
    0xffff'8000'0000'0000,
    0xffff'ffff'8000'0000,
    0xffff'ffff'ffff'f000,
    UINT64_MAX,
    LAYOUT_SLOTS | 2ull << PARCEL_LEVEL_SHIFT,
    LAYOUT_SLOTS | 3ull << PARCEL_LEVEL_SHIFT,
    LAYOUT_SLOTS | PARCEL_WRITABLE | PARCEL_EXECUTABLE,
    LAYOUT_SLOTS | (uint64_t)PARCEL_GIVE << PARCEL_MODE_SHIFT,
    LAYOUT_SLOTS | (uint64_t)PARCEL_LEND << PARCEL_MODE_SHIFT | PARCEL_WRITABLE,
    LAYOUT_SLOTS | 7ull << PARCEL_MODE_SHIFT,
    PARCEL_RESERVED,
    0x5555'5555'5555'5555,
    0xaaaa'aaaa'aaaa'aaaa,
};
static constexpr unsigned VALUES = sizeof values / sizeof *values;

static uint64_t state = 0x9e37'79b9'7f4a'7c15, calls;

static uint64_t random_value(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// A value of the table, one of the program's own handles, or any.
static uint64_t wild_value(void)
{
    uint64_t choice = random_value();
    if (choice % 8 == 0)
        return random_value();
    const struct start_handle *own = start_handle_at(choice / 8 % 16);
    if (choice % 8 < 3 && own)
        return own->handle;
    return values[choice / 8 % VALUES];
}

// Calls that would take away what the program needs to report: its end, its thread, its log, its
// stack and image (freed, protected or given away), and the handles that it prints with.
static bool is_left_out(unsigned number)
{
    switch (number) {
    case CALL_process_end:
    case CALL_thread_end:
    case CALL_system_end:
    case CALL_thread_create:
        return true;
    default:
        return number >= CALL_call && number <= CALL_reply_keep; // messages have their own turn
    }
}

// With these, wild arguments may name memory or handles of the program itself, which it may well
// ruin: they get only what cannot be its own.
static bool may_ruin_itself(unsigned number)
{
    return number == CALL_memory_free || number == CALL_memory_protect ||
           number == CALL_parcel_move || number == CALL_handle_close ||
           number == CALL_process_grant || number == CALL_account_fund ||
           number == CALL_slot_release || number == CALL_thread_pointer ||
           number == CALL_system_query || number == CALL_process_create;
}

static uint64_t outside_value(void)
{
    static const uint64_t outside[] = {
        1,          0xffff'ffff,   LAYOUT_LOWEST - 0x1000,   LAYOUT_LIMIT,
        UINT64_MAX, PARCEL_RESERVED, 0xffff'ffff'8000'0000, 0x5555'5555'5555'5555,
    };
    return outside[random_value() % (sizeof outside / sizeof *outside)];
}

static void call_wildly(unsigned number)
{
    struct system_results results;
    if (is_left_out(number))
        return;
    uint64_t a[4];
    for (unsigned i = 0; i < 4; i++)
        a[i] = may_ruin_itself(number) ? outside_value() : wild_value();
    (void)system_call(number, a[0], a[1], a[2], a[3], &results);
    calls++;
}

// Messages to wild handles, and wild messages to a port of one's own that nobody serves.
static void message_wildly(unsigned number, handle_t port)
{
    struct message message = {
        .tag = wild_value(),
        .word = {wild_value(), wild_value(), wild_value(), wild_value(), wild_value()},
        .parcel = wild_value(),
        .handle = {(handle_t)outside_value(), (handle_t)wild_value()},
    };
    message.tag &= ~(15ull << TAG_MOVE_SHIFT); // no handle of the program's own goes away
    uint64_t target = random_value() % 2 ? port : outside_value();
    uint64_t deadline = deadline_after(WAIT_NS);
    (void)message_system_call(number, &target, &message, &deadline);
    calls++;
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 200;
    uint64_t port;
    if (system_port_create(0, &port) != OK)
        return 1;
    printf("running\n");
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned number = 0; number < NUMBERS; number++)
            call_wildly(number);
    }
    for (unsigned round = 0; round < rounds / 10; round++) {
        for (unsigned number = CALL_call; number <= CALL_reply_keep; number++)
            message_wildly(number, (handle_t)port);
    }
    printf("%llu calls\n", (unsigned long long)calls);
    return 0;
}
