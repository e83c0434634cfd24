// stacks ROUNDS CHILDREN: so many processes at once grow their stacks, from wherever they run, and
// find there what they wrote. One of them is ended meanwhile, somewhere on its way.
// stacks LEVELS: such a process.

#include <baton/log.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static constexpr unsigned CHILDREN_LIMIT = 16;
static constexpr unsigned PAGE_WORDS = PAGE_SIZE / sizeof(uint64_t);
static constexpr uint64_t CHILD_FRAMES = 512, PATIENCE_NS = 60 * NS_PER_SECOND;

[[noreturn]] static void give_up(const char *what, status_t status)
{
    printf("%s: %s\n", what, status_text(status));
    exit(1);
}

// A page of stack at each level, written on the way down and read on the way up.
static bool grow(unsigned level)
{
    volatile uint64_t page[PAGE_WORDS];
    page[level % PAGE_WORDS] = level * 31 + 7;
    bool kept = level == 0 || grow(level - 1);
    return page[level % PAGE_WORDS] == level * 31 + 7 && kept;
}

static void end_check(const struct child_end *end, uint32_t killed)
{
    bool well = end->cause == END_EXITED && end->status == 0;
    if (!well && (end->cause != END_KILLED || end->number != killed))
        give_up("a process that grows", ERR_BAD_MESSAGE);
}

static void round_run(const struct spawn *what, unsigned children, unsigned round)
{
    struct child child[CHILDREN_LIMIT];
    struct child_end end;
    status_t status = OK;
    for (unsigned i = 0; i < children; i++)
        if ((status = spawn(what, HANDLE_NONE, 0, &child[i])) != OK)
            give_up("spawn", status);
    unsigned victim = round % children;
    (void)system_process_end(child[victim].process, 9);
    for (unsigned i = 0; i < children; i++) {
        if ((status = child_wait(&end, deadline_after(PATIENCE_NS))) != OK)
            give_up("waiting for an end", status);
        end_check(&end, child[victim].number);
    }
    for (unsigned i = 0; i < children; i++)
        child_close(&child[i]);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"memory", nullptr};
    static const char *const arguments[] = {"stacks", "200", nullptr};
    struct spawn_handle handles[1];
    if (argc == 2)
        return grow((unsigned)atoi(argv[1])) ? 0 : 1;
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    unsigned children = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
    struct spawn what = {
        .program = start_handle("program"),
        .path = "/test/stacks",
        .arguments = arguments,
        .handles = handles,
        .handle_count = spawn_handles_inherit(names, handles, 1),
        .limit_frames = CHILD_FRAMES,
    };
    for (unsigned round = 0; round < rounds; round++)
        round_run(&what, children < CHILDREN_LIMIT ? children : CHILDREN_LIMIT, round);
    puts("clean");
    return 0;
}
