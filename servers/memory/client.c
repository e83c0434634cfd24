// memory-client: who has a right to how much, and what happens when memory runs out.
//
//     memory-client                            how it stands, and who has a right to what
//     memory-client set PID FRAMES [resident]  decides that (run it by the shell's `manage`)
//     memory-client reserve FRAMES SECONDS     keeps so much from others for so long
//     memory-client watch FRAMES SECONDS       tells news for so long; fewer frames are little

#include <baton/log.h>
#include <baton/message.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <protocols/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(status_t status)
{
    fprintf(stderr, "memory-client: %s\n", status_text(status));
    return 1;
}

static handle_t server(void)
{
    return start_handle("memory");
}

static unsigned long long number(const char *text)
{
    return strtoull(text, nullptr, 10);
}

static status_t state_print(void)
{
    uint32_t overcommit, ended, last, pages, used;
    uint64_t out, in;
    status_t status = memory_state(server(), &overcommit, &ended, &last, &pages, &used, &out, &in);
    if (status != OK)
        return status;
    printf("promised %u times what there is\n", (unsigned)overcommit);
    printf("ended to make room: %u", (unsigned)ended);
    printf(ended != 0 ? ", the last was %u\n" : "\n", (unsigned)last);
    printf("swap: %u of %u pages used; %llu moved out, %llu back\n", (unsigned)used,
           (unsigned)pages, (unsigned long long)out, (unsigned long long)in);
    return OK;
}

static status_t policies_print(void)
{
    uint32_t found = 0;
    uint64_t right, promised;
    bool resident;
    status_t status;
    puts("  PID     RIGHT  PROMISED");
    while ((status = memory_policy(server(), found + 1, &found, &resident, &right, &promised)) ==
               OK &&
           found != 0)
        printf("%5u %9llu %9llu%s\n", (unsigned)found, (unsigned long long)right,
               (unsigned long long)promised, resident ? " resident" : "");
    return status;
}

static status_t set(char **words)
{
    bool resident = words[2] != nullptr && strcmp(words[2], "resident") == 0;
    return memory_set_policy(server(), (uint32_t)number(words[0]), resident, number(words[1]),
                             start_handle("system"));
}

static ticks_t deadline_of(const char *seconds)
{
    return deadline_after(number(seconds) * NS_PER_SECOND);
}

static status_t reserve(char **words)
{
    status_t status = memory_reserve(server(), number(words[0]));
    if (status != OK)
        return status;
    (void)sleep_until(deadline_of(words[1]));
    return memory_release(server(), number(words[0]));
}

// --- news ----------------------------------------------------------------------------------------

static void news_print(uint64_t bits)
{
    static const char *const texts[] = {"little is left to hand out", "a touch found no frame",
                                        "a process was ended to make room",
                                        "the swap device failed"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        if (bits >> i & 1)
            puts(texts[i]);
    fflush(stdout);
}

static status_t watch(char **words)
{
    static constexpr uint32_t all = MEMORY_NEWS_LITTLE_LEFT | MEMORY_NEWS_FRAME_MISSING |
                                    MEMORY_NEWS_ENDED | MEMORY_NEWS_SWAP_LOST;
    uint64_t port, notification;
    status_t status = system_port_create(0, &port);
    if (status == OK)
        status = system_notification_create((handle_t)port, 0, &notification);
    if (status == OK)
        status = memory_watch(server(), all, number(words[0]), (handle_t)notification);
    ticks_t deadline = deadline_of(words[1]);
    while (status == OK) {
        struct message message;
        struct message_info info;
        status = message_receive((handle_t)port, &message, &info, deadline);
        if (status == OK)
            news_print(message.word[0]);
    }
    return status == ERR_TIMED_OUT ? memory_unwatch(server()) : status;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words; // at least
        status_t (*run)(char **words);
    } commands[] = {{"set", 2, set}, {"reserve", 2, reserve}, {"watch", 2, watch}};
    status_t status = ERR_BAD_ARGUMENT;
    if (argc == 1) {
        status = state_print();
        if (status == OK)
            status = policies_print();
    }
    for (unsigned i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].words)
            status = commands[i].run(argv + 2);
    return status == OK ? 0 : complain(status);
}
