// Quiet points: nothing is freed while a hart that was in the kernel has not come out.
//
// sources: tests/host/harts/arch.c kernel/hart/quiet.c kernel/hart/task.c kernel/sync/spinlock.c
#include "harts.h"
#include "hart/quiet.h"
#include "hart/task.h"
#include "test.h"

static unsigned passed;

static void count(struct quiet *quiet) {
    (void)quiet;
    passed++;
}

static void on_hart(unsigned hart, void (*what)(void)) {
    machine_hart = harts[hart];
    what();
    machine_hart = harts[0];
}

// Leaves no work over from one test to the next.
static void finish(void) {
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < hart_count; i++) {
            on_hart(i, quiet_point);
            machine_hart = harts[i];
            (void)tasks_run();
            machine_hart = harts[0];
        }
}

TEST(waits_for_every_hart) {
    static struct quiet one;
    harts_start(3);
    passed = 0;
    quiet_defer(&one, count);
    CHECK(tasks_run()); // hart 0 has passed, the others were asked
    CHECK_EQ(passed, 0);
    CHECK_EQ(host_interrupts[1], 1);
    CHECK_EQ(host_interrupts[2], 1);
    on_hart(1, quiet_point);
    CHECK(tasks_run());
    CHECK_EQ(passed, 0);
    on_hart(2, quiet_point);
    CHECK(!tasks_run());
    CHECK_EQ(passed, 1);
    CHECK_EQ(host_interrupts[1], 1); // asked once
    finish();
}

TEST(idle_and_absent_harts_do_not_count) {
    static struct quiet one;
    harts_start(3);
    passed = 0;
    harts[1]->idle = true;
    harts[2]->online = false;
    quiet_defer(&one, count);
    CHECK(!tasks_run());
    CHECK_EQ(passed, 1);
    CHECK_EQ(host_interrupts[1] + host_interrupts[2], 0);
}

// A quiet point before the deferral says nothing.
TEST(only_later_points_count) {
    static struct quiet one, two;
    harts_start(2);
    passed = 0;
    on_hart(1, quiet_point);
    quiet_defer(&one, count);
    CHECK(tasks_run());
    on_hart(1, quiet_point);
    quiet_defer(&two, count);
    CHECK(tasks_run());
    CHECK_EQ(passed, 1);
    on_hart(1, quiet_point);
    CHECK(!tasks_run());
    CHECK_EQ(passed, 2);
    finish();
}

TEST(stamps_pass_in_halves_too) {
    harts_start(2);
    uint64_t stamp = quiet_stamp();
    quiet_point();
    CHECK(!quiet_passed(stamp));
    CHECK(!quiet_passed_recently((uint32_t)stamp));
    on_hart(1, quiet_point);
    CHECK(quiet_passed(stamp));
    CHECK(quiet_passed_recently((uint32_t)stamp));
    CHECK(!quiet_passed(quiet_stamp()));
}

TEST(many_go_in_order_and_in_pieces) {
    static struct quiet many[100];
    harts_start(1);
    passed = 0;
    for (unsigned i = 0; i < 100; i++)
        quiet_defer(&many[i], count);
    unsigned rounds = 0;
    while (tasks_run())
        rounds++;
    CHECK_EQ(passed, 100);
    CHECK(rounds >= 3);
}
