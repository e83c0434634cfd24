// promise: what the memory server promises, and the news that it tells.

#include <baton/log.h>
#include <baton/message.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <protocols/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static constexpr uint64_t SMALL = 64; // frames
static constexpr uint64_t MORE = SMALL + 16; // with what a process costs whoever opens it

static handle_t memory, port;

static void say(const char *what, status_t status)
{
    printf("%s: %s\n", what, status_text(status));
}

static status_t open(uint64_t frames, handle_t *process)
{
    return memory_open(memory, frames, "promised", process);
}

static void end(handle_t process)
{
    (void)system_process_end(process, 0);
    (void)system_handle_close(process);
}

// The most that can be promised now, by trying.
static uint64_t most(void)
{
    uint64_t low = 0, high = 1ull << 40;
    while (low + 1 < high) {
        uint64_t middle = (low + high) / 2;
        if (memory_reserve(memory, middle) == OK) {
            (void)memory_release(memory, middle);
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// --- another process -----------------------------------------------------------------------------

// A child that opens a process, or reserves and ends; its status says what came of it.
static int child_run(const char *what, uint64_t frames)
{
    handle_t process;
    if (strcmp(what, "open") == 0)
        return open(frames, &process);
    return memory_reserve(memory, frames);
}

static status_t child_do(const char *path, const char *what, uint64_t frames)
{
    static const char *const names[] = {"memory", nullptr};
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)frames);
    const char *const arguments[] = {path, what, number, nullptr};
    struct spawn_handle handles[2];
    struct spawn spawned = {.program = start_handle("program"),
                            .path = path,
                            .arguments = arguments,
                            .handles = handles,
                            .handle_count = spawn_handles_inherit(names, handles, 2),
                            .limit_frames = SMALL};
    struct child child;
    struct child_end ended;
    status_t status = spawn(&spawned, HANDLE_NONE, 0, &child);
    if (status == OK)
        status = child_wait(&ended, deadline_after(20 * NS_PER_SECOND));
    if (status != OK)
        exit(1);
    child_close(&child);
    return (status_t)ended.status;
}

// --- promises ------------------------------------------------------------------------------------

static void promises(const char *path)
{
    handle_t process;
    uint64_t all = most();
    say("too much", memory_reserve(memory, all + 1));
    say("all but what a child needs", memory_reserve(memory, all - 2 * MORE));
    say("again as much", memory_reserve(memory, 2 * MORE + 1));
    say("a child opens more than is left", child_do(path, "open", 2 * MORE));
    say("the promise is used", open(4 * MORE, &process));
    say("fund from it", memory_fund(memory, MORE, process));
    end(process);
    say("release more than is left of it", memory_release(memory, all));
    say("release what is left", memory_release(memory, all - 2 * MORE - 5 * MORE));
    say("release nothing", memory_release(memory, 0));
    say("release once more", memory_release(memory, 1));
    say("a child reserves half and ends", child_do(path, "reserve", all / 2));
    uint64_t now = most();
    for (unsigned i = 0; i < 100 && now != all; i++) { // deaths are heard of later
        (void)sleep_until(deadline_after(10'000'000));
        now = most();
    }
    printf("as much as before: %s\n", now == all ? "yes" : "no");
}

// --- news ----------------------------------------------------------------------------------------

static uint64_t news(void)
{
    struct message message;
    struct message_info info;
    status_t status = message_receive(port, &message, &info, deadline_after(300'000'000));
    return status == OK ? message.word[0] : 0;
}

static status_t watch(uint64_t frames)
{
    uint64_t notification;
    status_t status = system_notification_create(port, 0, &notification);
    if (status == OK)
        status = memory_watch(memory, MEMORY_NEWS_LITTLE_LEFT, frames, (handle_t)notification);
    (void)system_handle_close((handle_t)notification);
    return status;
}

static void tell(const char *what)
{
    printf("%s: %llu\n", what, (unsigned long long)news());
}

static void watches(void)
{
    uint64_t made;
    if (system_port_create(0, &made) != OK)
        return;
    port = (handle_t)made;
    uint64_t all = most();
    say("watch", watch(all / 2));
    tell("much is left");
    say("reserve", memory_reserve(memory, all * 3 / 4));
    tell("little is left");
    say("reserve more", memory_reserve(memory, all / 8));
    tell("told once");
    say("release", memory_release(memory, all * 3 / 4));
    say("reserve", memory_reserve(memory, all * 3 / 4));
    tell("little again");
    say("watch anew", watch(all / 2));
    tell("little from the beginning");
    say("unwatch", memory_unwatch(memory));
    say("release", memory_release(memory, all * 3 / 4));
    say("reserve", memory_reserve(memory, all * 3 / 4));
    tell("nobody watches");
    say("unwatch", memory_unwatch(memory));
    say("watch and end", watch(1));
}

int main(int argc, char **argv)
{
    memory = start_handle("memory");
    if (argc == 3)
        return child_run(argv[1], strtoull(argv[2], nullptr, 10));
    promises(argv[0]);
    watches();
    return 0;
}
