// Deadlines: the heap against a plain list.
//
// sources: tests/host/harts/arch.c kernel/hart/time.c kernel/sync/spinlock.c
#include "harts.h"
#include "test.h"

static constexpr unsigned TIMERS = 200;

static struct timer timers[TIMERS];
static bool marks[TIMERS], armed[TIMERS], fired[TIMERS];

static void expired(struct timer *timer) {
    unsigned i = (unsigned)(timer - timers);
    CHECK(armed[i]);
    armed[i] = false;
    fired[i] = true;
    // The nearest first: nothing that is still armed was due earlier.
    for (unsigned j = 0; j < TIMERS; j++)
        CHECK(!armed[j] || timers[j].deadline >= timer->deadline);
}

static ticks_t nearest(void) {
    ticks_t best = TICK_NEVER;
    for (unsigned i = 0; i < TIMERS; i++)
        if (armed[i] && timers[i].deadline < best)
            best = timers[i].deadline;
    return best;
}

static void prepare(void) {
    harts_start(2);
    for (unsigned i = 0; i < TIMERS; i++) {
        timers[i] = (struct timer){.expired = expired, .mark = &marks[i]};
        marks[i] = armed[i] = fired[i] = false;
    }
}

TEST(random_operations_agree_with_a_list) {
    prepare();
    uint64_t random = 88172645463325252;
    for (unsigned step = 0; step < 200'000; step++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        unsigned i = (unsigned)(random >> 8) % TIMERS;
        if (random % 16 == 0) {
            host_ticks += random >> 32 & 63;
            timers_run(harts[0]);
        } else if (armed[i] || fired[i]) {
            timer_cancel(&timers[i]);
            armed[i] = fired[i] = false;
            CHECK(!marks[i]);
            CHECK_EQ(timers[i].deadline, 0);
        } else {
            timer_arm(&timers[i], host_ticks + (random >> 32 & 255));
            armed[i] = true;
        }
        CHECK_EQ(harts[0]->nearest, nearest());
        CHECK(marks[i] == (armed[i] || fired[i]));
    }
}

// One that expires keeps its mark until it is cancelled: its wait is not over before that.
TEST(expiry_under_way_is_seen) {
    prepare();
    timer_arm(&timers[0], host_ticks + 5);
    armed[0] = true;
    host_ticks += 5;
    timers_run(harts[0]);
    CHECK(fired[0] && marks[0] && timers[0].deadline != 0);
    timer_cancel(&timers[0]);
    CHECK(!marks[0] && timers[0].deadline == 0);
}

TEST(cancelled_from_another_hart) {
    prepare();
    timer_arm(&timers[0], host_ticks + 5);
    machine_hart = harts[1];
    timer_cancel(&timers[0]);
    timer_arm(&timers[0], host_ticks + 7);
    CHECK_EQ(harts[0]->nearest, TICK_NEVER);
    CHECK_EQ(harts[1]->nearest, host_ticks + 7);
    timer_cancel(&timers[0]);
    machine_hart = harts[0];
    CHECK_EQ(harts[1]->nearest, TICK_NEVER);
}
