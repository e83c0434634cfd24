// Random system calls: `hostile SEED CHILDREN CALLS`. So many children, eight at a time, each with
// two threads of one handle table and one memory, make so many calls with random and boundary
// arguments, on handles, ports and memory of their own and on a port that they share. They may ruin
// themselves. Then the system is whole: the kernel's walk finds no error, and the memory is back.

#include "settle.h"

#include <abi/layout.h>

#include <string.h>

static constexpr unsigned AT_ONCE = 8, HANDLES = 32;

static _Atomic handle_t handles[HANDLES];
static unsigned calls;
static _Atomic unsigned threads_done;
static uaddr_t region; // slots of one's own that calls name often

static const uint64_t values[] = {
    0, 1, 2, 4, 7, 8, 255, 256, 0xfff, 0x1000, 0xffff, 0x1'0000, 0x7fff'ffff, 0xffff'ffff,
    0x1'0000'0000, LAYOUT_LOWEST - 0x1000, LAYOUT_LOWEST, LAYOUT_SLOTS, LAYOUT_SLOTS | 255,
    LAYOUT_SLOTS + 0x40'0000, LAYOUT_LIMIT - 0x1000, LAYOUT_LIMIT, 0x8000'0000'0000,
    0xffff'8000'0000'0000, 0xffff'ffff'8000'0000, INT64_MAX, UINT64_MAX - 0xfff, UINT64_MAX,
    PARCEL_RESERVED, PARCEL_HOLES,
};
static constexpr unsigned VALUES = sizeof values / sizeof *values;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Slots of the region, of any level, count and rights.
static uint64_t random_slots(uint64_t random)
{
    uint64_t level = random >> 8 & 15;
    uint64_t slots = region + (random >> 16 & 31) * PAGE_SIZE;
    if (level == 0)
        slots = LAYOUT_SLOTS + (random >> 16 & 3) * level_size(2) | 1ull << PARCEL_LEVEL_SHIFT;
    slots |= random >> 32 & 3;
    slots |= (random >> 34 & 7) << PARCEL_MODE_SHIFT;
    return slots | (random >> 40 & 1 ? PARCEL_WRITABLE : 0) |
           ((random >> 41 & 7) == 0 ? PARCEL_EXECUTABLE : 0);
}

static uint64_t argument(uint64_t *state)
{
    uint64_t random = next_random(state);
    switch (random & 7) {
    case 0:
        return values[(random >> 8) % VALUES];
    case 1:
        return next_random(state);
    case 2:
        return random >> 8 & 31;
    case 3:
    case 4:
        return handles[(random >> 8) % HANDLES];
    default:
        return random_slots(random);
    }
}

// What would end the test, or wait without end.
static bool is_left_out(unsigned number)
{
    return number == CALL_system_end || number == CALL_thread_create || number == CALL_thread_end;
}

static void remember(uint64_t *state, uint64_t handle)
{
    if (handle != 0 && handle <= UINT32_MAX)
        handles[next_random(state) % HANDLES] = (handle_t)handle;
}

static void call_one(uint64_t *state, unsigned number)
{
    struct system_results results;
    uint64_t a = argument(state), b = argument(state);
    if (number == CALL_process_end && a == 0)
        return;
    if (number == CALL_process_create)
        a = next_random(state) % 64;
    status_t status = system_call(number, a, b, argument(state), argument(state), &results);
    bool makes = number == CALL_port_create || number == CALL_port_derive ||
                 number == CALL_notification_create || number == CALL_handle_duplicate ||
                 number == CALL_process_create;
    if (status == OK && makes)
        remember(state, results.first);
}

static void message_one(uint64_t *state, unsigned number)
{
    uint64_t random = next_random(state);
    struct message message = {.tag = next_random(state), .word = {random, 2, 3, 4, 5}};
    if (random & 3)
        message.tag &= 0xff | 0xffull << 32;
    if ((random & 12) == 0)
        message.parcel = random_slots(next_random(state));
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        if ((next_random(state) & 15) == 0)
            message.handle[i] = handles[next_random(state) % HANDLES];
    uint64_t target = handles[next_random(state) % HANDLES];
    if (number != CALL_reply && (random & 0x300) == 0)
        target = argument(state);
    uint64_t deadline = deadline_after(random % MS);
    (void)message_system_call(number, &target, &message, &deadline);
    if (number == CALL_reply_keep)
        remember(state, target);
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        remember(state, message.handle[i]);
}

[[noreturn]] static void fuzz(uint64_t seed)
{
    uint64_t state = seed * 2 + 1;
    for (unsigned i = 0; i < 8; i++)
        (void)next_random(&state);
    for (unsigned i = 0; i < calls; i++) {
        unsigned number = (unsigned)(next_random(&state) >> 8) % (SYSTEM_CALL_LIMIT + 2);
        if (next_random(&state) & 1)
            number = CALL_call + (unsigned)(next_random(&state) >> 8) % 7;
        if (is_left_out(number))
            continue;
        if (number >= CALL_call && number <= CALL_reply_keep)
            message_one(&state, number);
        else
            call_one(&state, number);
    }
    if (threads_done++ == 1)
        (void)system_process_end(HANDLE_NONE, 0);
    for (;;)
        (void)system_thread_end();
}

static void second_thread(uint64_t seed) { fuzz(seed); }

[[noreturn]] static void be_child(uint64_t seed)
{
    uint64_t handle;
    void *stack;
    handles[0] = start_handle("port");
    handles[1] = start_handle("uses");
    handles[2] = start_handle("system");
    EXPECT(system_port_create(0, &handle), OK);
    handles[3] = (handle_t)handle;
    EXPECT(system_port_derive((handle_t)handle, 1, RIGHTS_ALL, &handle), OK);
    handles[4] = (handle_t)handle;
    region = slots_allocate(64);
    EXPECT(pages_allocate(4, &stack), OK);
    uaddr_t top = (uaddr_t)stack + 4 * PAGE_SIZE - 8;
    EXPECT(system_thread_create(HANDLE_NONE, (uaddr_t)second_thread, top, seed + 1, &handle), OK);
    fuzz(seed);
}

// --- the parent ----------------------------------------------------------------------------------

static struct peer children[AT_ONCE];
static unsigned crashed, alive;

static void child_start(unsigned i, uint64_t seed, const char *calls_text)
{
    char argument_text[64];
    snprintf(argument_text, sizeof argument_text, "child%llu,%s", (unsigned long long)seed,
             calls_text);
    children[i] =
        peer_start_program("/test/hostile", argument_text, children[(i + 1) % AT_ONCE].port);
    alive++;
}

// Waits for a death; a child that waits for something that never comes is ended.
static unsigned child_end_take(void)
{
    struct child_end end;
    while (child_wait(&end, deadline_after(20'000 * MS)) != OK)
        for (unsigned i = 0; i < AT_ONCE; i++)
            if (children[i].child.process != HANDLE_NONE)
                (void)system_process_end(children[i].child.process, 0);
    unsigned i = 0;
    while (i < AT_ONCE && children[i].child.number != end.number)
        i++;
    EXPECT(i < AT_ONCE, true);
    crashed += end.cause != END_EXITED;
    child_close(&children[i].child);
    (void)system_handle_close(children[i].port);
    children[i] = (struct peer){};
    alive--;
    return i;
}

static void children_run(uint64_t seed, unsigned count, const char *calls_text)
{
    unsigned started = 0;
    for (; started < AT_ONCE && started < count; started++)
        child_start(started, seed + 2 * started, calls_text);
    while (alive != 0) {
        unsigned i = child_end_take();
        if (started < count)
            child_start(i, seed + 2 * started++, calls_text);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "child", 5) == 0) {
        char *end;
        uint64_t seed = strtoull(argv[1] + 5, &end, 10);
        calls = (unsigned)atoi(end + 1);
        be_child(seed);
    }
    uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 10) : 1;
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 16;
    printf("seed %llu\n", (unsigned long long)seed);
    children_run(seed, AT_ONCE, "100"); // so that caches and tables have the size that they keep
    EXPECT(sleep_until(deadline_after(200 * MS)), OK);
    uint64_t before = frames_free();
    children_run(seed, count, argc > 3 ? argv[3] : "2000");
    settle(before);
    printf("clean\n");
    return 0;
}
