// Starts programs in ways that cannot work, and prints what each is answered; then leaves processes
// half made, and prints by how much the machine's free frames differ afterwards.

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>
#include <abi/query.h>

#include <protocols/memory.h>
#include <protocols/program.h>

#include <stdio.h>
#include <string.h>

static constexpr unsigned ABANDONED = 200; // more than the loader has records

static struct spawn good(void)
{
    return (struct spawn){.program = start_handle("program"), .path = "/bin/true"};
}

static void try(const char *what, const struct spawn *spawning)
{
    struct child child;
    struct child_end end;
    status_t status = spawn(spawning, HANDLE_NONE, 0, &child);
    printf("%s: %s\n", what, status_text(status));
    if (status == OK && child_wait(&end, deadline_after(NS_PER_SECOND)) == OK)
        child_close(&child);
}

static void try_path(const char *what, const char *path)
{
    struct spawn spawning = good();
    spawning.path = path;
    try(what, &spawning);
}

static void try_limit(const char *what, uint64_t frames)
{
    struct spawn spawning = good();
    spawning.limit_frames = frames;
    try(what, &spawning);
}

static void try_long_argument(void)
{
    static char text[SPAWN_START_PAGES_MAXIMUM * PAGE_SIZE];
    const char *const arguments[] = {"true", text, nullptr};
    struct spawn spawning = good();
    memset(text, 'x', sizeof text - 1);
    spawning.arguments = arguments;
    try("a long argument", &spawning);
    spawning.arguments = nullptr;
    spawning.environment = arguments;
    try("a long environment", &spawning);
}

static void try_handles(void)
{
    static struct spawn_handle handles[SPAWN_HANDLES_MAXIMUM + 1];
    struct spawn spawning = good();
    for (unsigned i = 0; i <= SPAWN_HANDLES_MAXIMUM; i++)
        handles[i] = (struct spawn_handle){"file", start_handle("file"), RIGHTS_ALL, false};
    spawning.handles = handles;
    spawning.handle_count = SPAWN_HANDLES_MAXIMUM + 1;
    try("many handles", &spawning);
    handles[0].handle = 0x7777'7777;
    spawning.handle_count = 1;
    try("no such handle", &spawning);
}

static uint64_t frames_free(void)
{
    static void *page;
    uint64_t records;
    (void)sleep_until(deadline_after(100'000'000)); // what has ended is cleaned up meanwhile
    if (!page && pages_allocate(1, &page) != OK)
        return 0;
    status_t status =
        system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page, &records);
    return status == OK ? ((const struct query_machine *)page)->frames_free : 0;
}

// A process with a program in it, or without, and then nobody has a handle to it.
static void abandon(bool loaded)
{
    handle_t process;
    uint64_t entry, image, image_size;
    status_t status = loaded ? program_load(start_handle("program"), "/bin/true", 64, "left",
                                            &process, &entry, &image, &image_size)
                             : memory_open(start_handle("memory"), 64, "left", &process);
    if (status == OK)
        status = system_handle_close(process);
    if (status != OK)
        printf("abandoning: %s\n", status_text(status));
}

static void abandon_many(const char *what, bool loaded)
{
    for (unsigned i = 0; i < 10; i++)
        abandon(loaded);
    uint64_t before = frames_free();
    for (unsigned i = 0; i < ABANDONED; i++)
        abandon(loaded);
    printf("%u %s: frames %lld\n", ABANDONED, what, (long long)(before - frames_free()));
}

int main(void)
{
    static char long_path[5000];
    memset(long_path, '/', sizeof long_path - 1);
    try_path("good", "/bin/true");
    try_path("unknown", "/bin/unknown");
    try_path("empty path", "");
    try_path("directory", "/bin");
    try_path("below a file", "/bin/true/x");
    try_path("long path", long_path);
    try_limit("one frame", 1);
    try_limit("sixteen frames", 16);
    try_limit("all frames", UINT64_MAX);
    try_limit("too many frames", 1ull << 40);
    try_long_argument();
    try_handles();
    abandon_many("accounts left", false);
    abandon_many("programs left", true);
    try_path("good", "/bin/true");
    return 0;
}
