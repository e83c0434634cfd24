// storm [ROUNDS]: starts eight children at the same time that spin, exit, crash, and sleep; ends
// those that would not end; hears of every death; and does so again and again. Prints by how much
// the machine's free frames and its kernel objects differ from what they were after the first
// rounds, which may have filled caches.

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

static constexpr unsigned CHILDREN = 8;
static constexpr unsigned WARM_ROUNDS = 2;
static constexpr uint64_t CHILD_LIMIT = 128; // frames
static constexpr uint64_t PATIENCE_NS = 20 * NS_PER_SECOND;

static const char *const kinds[] = {"spin", "exit", "crash", "sleep"};
static constexpr unsigned KINDS = sizeof kinds / sizeof *kinds;

static int child_run(const char *kind)
{
    if (strcmp(kind, "spin") == 0) {
        for (;;) {
        }
    }
    if (strcmp(kind, "crash") == 0)
        __builtin_trap();
    if (strcmp(kind, "sleep") == 0)
        (void)sleep_until(deadline_after(60 * NS_PER_SECOND));
    return 7;
}

[[noreturn]] static void give_up(const char *what, status_t status)
{
    printf("%s: %s\n", what, status_text(status));
    exit(1);
}

static void child_start(const char *path, unsigned index, struct child *child)
{
    static const char *const names[] = {"file", "memory", "program", nullptr};
    const char *const arguments[] = {path, "child", kinds[index % KINDS], nullptr};
    struct spawn_handle handles[4];
    struct spawn what = {
        .program = start_handle("program"),
        .path = path,
        .arguments = arguments,
        .handles = handles,
        .handle_count = spawn_handles_inherit(names, handles, 4),
        .limit_frames = CHILD_LIMIT,
    };
    status_t status = spawn(&what, HANDLE_NONE, 0, child);
    if (status != OK)
        give_up("spawn", status);
}

static bool is_right(unsigned index, const struct child_end *end)
{
    switch (index % KINDS) {
    case 1:
        return end->cause == END_EXITED && end->status == 7;
    case 2:
        return end->cause == END_FAULTED && end->status == 126;
    default:
        return end->cause == END_KILLED && end->status == 9;
    }
}

static void end_take(const struct child *children)
{
    struct child_end end;
    status_t status = child_wait(&end, deadline_after(PATIENCE_NS));
    if (status != OK)
        give_up("waiting for a death", status);
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (children[i].number == end.number && is_right(i, &end))
            return;
    }
    printf("process %u: cause %u, status %u\n", (unsigned)end.number, end.cause,
           (unsigned)end.status);
    exit(1);
}

static void round_run(const char *path)
{
    struct child children[CHILDREN];
    for (unsigned i = 0; i < CHILDREN; i++)
        child_start(path, i, &children[i]);
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (i % KINDS == 1 || i % KINDS == 2)
            continue;
        status_t status = system_process_end(children[i].process, 9);
        if (status != OK)
            give_up("ending a child", status);
    }
    for (unsigned i = 0; i < CHILDREN; i++)
        end_take(children);
    for (unsigned i = 0; i < CHILDREN; i++)
        child_close(&children[i]);
}

static struct query_machine machine_now(void)
{
    static void *page;
    uint64_t records;
    if (!page && pages_allocate(1, &page) != OK)
        exit(1);
    status_t status =
        system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)page, &records);
    if (status != OK)
        give_up("query", status);
    return *(const struct query_machine *)page;
}

// What has ended may still be cleaned up: waits until the number of processes is as expected.
static struct query_machine machine_settled(uint32_t processes)
{
    struct query_machine machine = machine_now();
    for (unsigned i = 0; i < 100 && machine.processes > processes; i++) {
        (void)sleep_until(deadline_after(10'000'000));
        machine = machine_now();
    }
    (void)sleep_until(deadline_after(50'000'000));
    return machine_now();
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return child_run(argv[2]);
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 25;
    uint32_t processes = machine_now().processes;
    for (unsigned i = 0; i < WARM_ROUNDS; i++)
        round_run(argv[0]);
    struct query_machine before = machine_settled(processes);
    for (unsigned i = 0; i < rounds; i++)
        round_run(argv[0]);
    struct query_machine after = machine_settled(processes);
    printf("%u children: frames %lld, of them objects %lld, tables %lld, pages %lld; "
           "processes %d, threads %d\n",
           rounds * CHILDREN, (long long)(before.frames_free - after.frames_free),
           (long long)(after.frames_object - before.frames_object),
           (long long)(after.frames_table - before.frames_table),
           (long long)(after.frames_user - before.frames_user),
           (int)(after.processes - before.processes), (int)(after.threads - before.threads));
    return 0;
}
