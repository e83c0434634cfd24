// Debug builds see who writes to a frame that is free: the machine crashes when it is used again,
// and with nothing else than such a write.
//
// sources: kernel/memory/frame.c kernel/memory/frame_cache.c kernel/memory/buddy.c
// sources: kernel/memory/entry.c kernel/memory/tlb.c kernel/debug/canary.c
// sources: kernel/sync/spinlock.c tests/host/hal/machine.c
// sources: kernel/memory/large.c
// defines: BATON_DEBUG=1
#include "machine.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static constexpr unsigned NEVER = ~0u;

static struct frame *allocate(void) {
    struct frame *frame;
    CHECK_EQ(frame_allocate(0, FRAME_PAGE, &frame), OK);
    return frame;
}

// Frees a frame, zeroes it for the stock or not, writes one byte, and uses frames again.
static void write_and_use(bool zeroed, unsigned byte) {
    struct frame *frame = allocate(), *other;
    char *contents = frame_contents(frame);
    memset(contents, 1, PAGE_SIZE);
    frame_free(frame, 0);
    if (zeroed)
        while (frame->state != FRAME_ZEROED && frames_zero_some(1) != 0)
            ;
    if (byte != NEVER)
        contents[byte] ^= 4;
    status_t status = OK;
    do
        status = zeroed ? frame_allocate_zeroed(FRAME_PAGE, &other)
                        : frame_allocate(0, FRAME_PAGE, &other);
    while (status == OK && other != frame);
    _exit(status == OK ? 0 : 1);
}

// True if the machine crashed, false if all went well.
static bool crashes(bool zeroed, unsigned byte) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        freopen("/dev/null", "w", stderr);
        write_and_use(zeroed, byte);
    }
    waitpid(child, &status, 0);
    bool crashed = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    CHECK(crashed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return crashed;
}

TEST(a_write_to_a_freed_frame_is_seen) {
    machine_start(16, 1);
    CHECK(!crashes(false, NEVER));
    for (unsigned byte = 0; byte < PAGE_SIZE; byte += 455)
        CHECK(crashes(false, byte));
    CHECK(crashes(false, PAGE_SIZE - 1));
}

TEST(a_write_to_a_zeroed_frame_is_seen) {
    CHECK(!crashes(true, NEVER));
    CHECK(crashes(true, 0));
    CHECK(crashes(true, PAGE_SIZE - 1));
}
