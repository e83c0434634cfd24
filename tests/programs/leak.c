// leak TIMES [PROGRAM]: starts a program and waits for its end, again and again, and prints by how
// much the machine's free frames, frames of each use, and live kernel objects of each type differ
// from what they were after the first rounds, which may have filled caches. Status 1 if any does.

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>
#include <abi/query.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static constexpr unsigned WARM_UP = 50;
static constexpr uint64_t CHILD_FRAMES = 256;
static constexpr unsigned PATIENCE = 200; // times 10 ms, for what is still being cleaned up

[[noreturn]] static void give_up(const char *what, status_t status)
{
    printf("%s: %s\n", what, status_text(status));
    exit(1);
}

static void run_once(const struct spawn *what)
{
    struct child child;
    struct child_end end;
    status_t status = spawn(what, HANDLE_NONE, 0, &child);
    if (status != OK)
        give_up("spawn", status);
    status = child_wait(&end, deadline_after(20 * NS_PER_SECOND));
    if (status != OK)
        give_up("waiting for its end", status);
    if (end.cause != END_EXITED || end.status != 0 || end.number != child.number)
        give_up("its end", ERR_BAD_MESSAGE);
    child_close(&child);
}

static const struct query_machine *machine_now(void)
{
    static void *page;
    uint64_t records;
    if (!page && pages_allocate(1, &page) != OK)
        exit(1);
    status_t status =
        system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page, &records);
    if (status != OK)
        give_up("query", status);
    return page;
}

static bool same(const struct query_machine *a, const struct query_machine *b)
{
    return a->frames_free == b->frames_free && a->frames_kernel == b->frames_kernel &&
           a->frames_object == b->frames_object && a->frames_table == b->frames_table &&
           a->frames_user == b->frames_user &&
           memcmp(a->objects, b->objects, sizeof a->objects) == 0;
}

// Waits until nothing changes any more for some time, or all is as it should be.
static struct query_machine machine_settled(const struct query_machine *expected)
{
    struct query_machine last = *machine_now();
    unsigned quiet = 0;
    for (unsigned i = 0; i < PATIENCE && quiet < 20; i++) {
        if (expected != nullptr && same(&last, expected))
            break;
        (void)sleep_until(deadline_after(10'000'000));
        quiet = same(machine_now(), &last) ? quiet + 1 : 0;
        last = *machine_now();
    }
    return last;
}

static void difference_print(const char *what, uint64_t before, uint64_t after)
{
    if (before != after)
        printf("%s: %lld more\n", what, (long long)(after - before));
}

static void differences_print(const struct query_machine *before, const struct query_machine *after)
{
    static const char *const types[OBJECT_TYPES] = {
        "none", "ports", "replies", "notifications", "processes", "threads",
        "calls", "system", "modules", "I/O ranges", "interrupt lines"};
    difference_print("free frames", before->frames_free, after->frames_free);
    difference_print("frames of the kernel", before->frames_kernel, after->frames_kernel);
    difference_print("frames of objects", before->frames_object, after->frames_object);
    difference_print("frames of tables", before->frames_table, after->frames_table);
    difference_print("frames of pages", before->frames_user, after->frames_user);
    for (unsigned i = 0; i < OBJECT_TYPES; i++)
        difference_print(types[i], before->objects[i], after->objects[i]);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"file", "memory", "program", nullptr};
    struct spawn_handle handles[4];
    unsigned times = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
    struct spawn what = {
        .program = start_handle("program"),
        .path = argc > 2 ? argv[2] : "/bin/true",
        .handles = handles,
        .handle_count = spawn_handles_inherit(names, handles, 4),
        .limit_frames = CHILD_FRAMES,
    };
    for (unsigned i = 0; i < WARM_UP; i++)
        run_once(&what);
    struct query_machine before = machine_settled(nullptr);
    for (unsigned i = 0; i < times; i++)
        run_once(&what);
    struct query_machine after = machine_settled(&before);
    differences_print(&before, &after);
    if (!same(&before, &after))
        return 1;
    printf("%u times, nothing left\n", times);
    return 0;
}
