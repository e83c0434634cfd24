// crowd CHILDREN MIB: starts children that fill so much memory each, wait until all have done so or
// have ended, verify it, write it anew and verify it again. Prints how each ended. What is in a
// page depends on the child, the page and the round, so that one page in another's place is found.

#include <baton/log.h>
#include <baton/message.h>
#include <baton/spawn.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static constexpr unsigned CHILDREN_MOST = 8;
static constexpr uint64_t PATIENCE_NS = 300 * NS_PER_SECOND;
static constexpr uint64_t PAGES_PER_MIB = 256;
static constexpr uint64_t PAGES_MORE = 256; // of an account: for the program itself

[[noreturn]] static void give_up(const char *what, status_t status)
{
    printf("%s: %s\n", what, status_text(status));
    exit(1);
}

// --- a child -------------------------------------------------------------------------------------

static constexpr unsigned WORDS = PAGE_SIZE / sizeof(uint64_t);

static uint64_t pattern(uint64_t child, uint64_t round, uint64_t page, unsigned word)
{
    return (child << 56 | round << 48 | page << 16 | word) * 0x9e37'79b9'7f4a'7c15;
}

static void fill(uint64_t *memory, uint64_t child, uint64_t round, uint64_t pages)
{
    for (uint64_t page = 0; page < pages; page++)
        for (unsigned word = 0; word < WORDS; word++)
            memory[page * WORDS + word] = pattern(child, round, page, word);
}

static bool is_filled(const uint64_t *memory, uint64_t child, uint64_t round, uint64_t pages)
{
    for (uint64_t page = 0; page < pages; page++)
        for (unsigned word = 0; word < WORDS; word++)
            if (memory[page * WORDS + word] != pattern(child, round, page, word))
                return false;
    return true;
}

static int child_run(uint64_t child, uint64_t pages)
{
    uint64_t *memory = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
    if (memory == nullptr)
        return 2;
    fill(memory, child, 0, pages);
    struct message message = {.tag = 1};
    if (message_call(start_handle("barrier"), &message, deadline_after(PATIENCE_NS)) != OK)
        return 3;
    if (!is_filled(memory, child, 0, pages))
        return 4;
    fill(memory, child, 1, pages);
    return is_filled(memory, child, 1, pages) ? 0 : 5;
}

// --- the parent ----------------------------------------------------------------------------------

static struct child children[CHILDREN_MOST];
static struct child_end ends[CHILDREN_MOST];
static handle_t waiting[CHILDREN_MOST];
static unsigned count, arrived, ended, kept;
static handle_t port, barrier;

static void barrier_make(void)
{
    uint64_t handle;
    status_t status = system_port_create(0, &handle);
    port = (handle_t)handle;
    if (status == OK)
        status =
            system_port_derive(port, 0, RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER, &handle);
    barrier = (handle_t)handle;
    if (status != OK)
        give_up("a port", status);
}

static void child_start(const char *path, unsigned index, const char *mib)
{
    static const char *const names[] = {"file", "memory", "program", nullptr};
    char number[16];
    snprintf(number, sizeof number, "%u", index + 1);
    const char *const arguments[] = {path, "child", number, mib, nullptr};
    struct spawn_handle handles[5];
    unsigned inherited = spawn_handles_inherit(names, handles, 4);
    handles[inherited] = (struct spawn_handle){"barrier", barrier, RIGHTS_ALL, false};
    struct spawn what = {
        .program = start_handle("program"),
        .path = path,
        .name = "crowd-child",
        .arguments = arguments,
        .handles = handles,
        .handle_count = inherited + 1,
        .limit_frames = strtoul(mib, nullptr, 10) * PAGES_PER_MIB + PAGES_MORE,
    };
    status_t status = spawn(&what, port, index, &children[index]);
    if (status == OK)
        return;
    printf("child %u: %s\n", index + 1, status_text(status));
    exit(1);
}

// Whoever has ended counts as arrived, unless it had.
static void barrier_look(void)
{
    if (arrived < count)
        return;
    while (kept != 0) {
        struct message message = {};
        (void)message_reply(waiting[--kept], &message);
    }
}

static void event_take(void)
{
    static bool here[CHILDREN_MOST];
    struct message message;
    struct message_info info;
    status_t status = message_receive(port, &message, &info, deadline_after(PATIENCE_NS));
    if (status != OK)
        give_up("waiting for the children", status);
    unsigned index = (unsigned)info.badge;
    if (info.kind == KIND_DEATH) {
        ends[index] = (struct child_end){.number = (uint32_t)message.word[0],
                                         .status = (uint32_t)message.word[1],
                                         .cause = (enum end_cause)(message.word[2] & 0xff),
                                         .exception = (uint8_t)(message.word[2] >> 8),
                                         .address = message.word[3]};
        ended++;
    } else {
        for (index = 0; children[index].number != (uint32_t)info.badge;)
            index++;
        status = message_keep(&waiting[kept++]);
        if (status != OK)
            give_up("keeping a call", status);
    }
    arrived += !here[index];
    here[index] = true;
    barrier_look();
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return child_run(strtoul(argv[2], nullptr, 10),
                         strtoul(argv[3], nullptr, 10) * PAGES_PER_MIB);
    count = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    if (argc != 3 || count > CHILDREN_MOST)
        return 1;
    barrier_make();
    for (unsigned i = 0; i < count; i++)
        child_start(argv[0], i, argv[2]);
    while (ended < count)
        event_take();
    for (unsigned i = 0; i < count; i++) {
        char text[80];
        child_end_text(&ends[i], text, sizeof text);
        printf("child %u %s\n", i + 1, text);
        child_close(&children[i]);
    }
    return 0;
}
