// longest: instructions of system calls at their largest, where the time-stamp counter counts
// instructions (-icount). One line for each: its name, how many, and whether the stock of zeroed
// frames was full or empty before.
//
// What a call leaves behind for later (tables to free, a process that ends) is counted with the
// calls that come after it.

#include "message.h"

#include <abi/layout.h>
#include <abi/query.h>

#include <string.h>

static constexpr uint64_t TABLE_SIZE = PAGE_SIZE * TABLE_ENTRIES;
static constexpr uint64_t RUN_SIZE = PAGE_SIZE * PARCEL_ENTRIES;
static constexpr uint64_t DIRECTORY_SIZE = TABLE_SIZE * TABLE_ENTRIES; // 1 GiB
static constexpr uaddr_t HERE = 0x0100'0000'0000;
static constexpr uaddr_t THERE = 0x0200'0000'0000;
static constexpr uaddr_t NOWHERE = 0x0300'0000'0000; // no tables yet
static constexpr uaddr_t STOCK = 0x0400'0000'0000;
static constexpr uaddr_t SPARSE = 0x0500'0000'0000;
static constexpr uaddr_t LARGE = 0x0600'0000'0000;
static constexpr unsigned FULL_TABLES = 6;
static constexpr unsigned STOCK_FULL = 100; // at least
static constexpr uint64_t CHILD_FRAMES = 12'000;

static bool stock_empty;

static parcel_t many(uaddr_t address, unsigned level, uint64_t rights)
{
    return parcel_make(address, level, PARCEL_ENTRIES, PARCEL_NONE, rights);
}

static parcel_t one(uaddr_t address, unsigned level, uint64_t rights)
{
    return parcel_make(address, level, 1, PARCEL_NONE, rights);
}

static parcel_t sent(parcel_t parcel, enum parcel_mode mode)
{
    return parcel | (parcel_t)mode << PARCEL_MODE_SHIFT;
}

static void table_make(uaddr_t address)
{
    for (uaddr_t at = address; at < address + TABLE_SIZE; at += RUN_SIZE)
        EXPECT(system_memory_create(HANDLE_NONE, many(at, 1, PARCEL_WRITABLE), MEMORY_PAGES), OK);
}

// --- the stock -----------------------------------------------------------------------------------

static uint64_t frames_zeroed(void)
{
    static void *answer;
    uint64_t count;
    if (answer == nullptr)
        EXPECT(pages_allocate(1, &answer), OK);
    EXPECT(system_system_query(start_handle("system"), QUERY_MACHINE, 0, (uaddr_t)answer, &count),
           OK);
    return ((const struct query_machine *)answer)->frames_zeroed;
}

// Idle harts fill it; what is made takes from it.
static void stock_set(void)
{
    EXPECT(sleep_until(deadline_after(50 * MS)), OK);
    if (!stock_empty) {
        EXPECT(frames_zeroed() >= STOCK_FULL, true);
        return;
    }
    table_make(STOCK);
    for (uaddr_t at = STOCK; at < STOCK + TABLE_SIZE; at += RUN_SIZE)
        EXPECT(system_memory_free(many(at, 1, 0)), OK);
    for (unsigned i = 0; i < 4; i++) // that was more than is freed at once
        EXPECT(system_memory_free(one(STOCK, 1, 0)), OK);
    EXPECT(frames_zeroed() == 0, true);
}

// --- counting ------------------------------------------------------------------------------------

static struct figure {
    const char *name;
    uint64_t ticks;
    bool empty;
} figures[96];
static unsigned figure_count;

// Printed at the end, so that no other process has anything to do meanwhile.
static void report(const char *name, uint64_t ticks)
{
    EXPECT(figure_count < sizeof figures / sizeof *figures, true);
    figures[figure_count++] = (struct figure){name, ticks, stock_empty};
}

static void figures_print(void)
{
    for (const struct figure *at = figures; at < figures + figure_count; at++)
        printf("%s %llu %s\n", at->name, (unsigned long long)at->ticks,
               at->empty ? "empty" : "full");
}

#define COUNT(name, call)                                                                          \
    do {                                                                                           \
        stock_set();                                                                               \
        ticks_t start_ = ticks_now();                                                              \
        status_t status_ = (call);                                                                 \
        ticks_t end_ = ticks_now();                                                                \
        EXPECT(status_, OK);                                                                       \
        report(name, end_ - start_);                                                               \
    } while (false)

// The longest of calls that free nothing themselves.
static void count_after(const char *name, unsigned calls)
{
    uint64_t longest = 0;
    for (unsigned i = 0; i < calls; i++) {
        ticks_t start = ticks_now();
        status_t status = system_memory_free(one(NOWHERE, 4, 0));
        ticks_t ticks = ticks_now() - start;
        EXPECT(status, OK);
        longest = ticks > longest ? ticks : longest;
    }
    report(name, longest);
}

// --- pages ---------------------------------------------------------------------------------------

static void count_pages(void)
{
    COUNT("create", system_memory_create(HANDLE_NONE, many(HERE, 1, PARCEL_WRITABLE),
                                         MEMORY_PAGES));
    memset((void *)HERE, 1, RUN_SIZE);
    COUNT("protect", system_memory_protect(many(HERE, 1, 0)));
    COUNT("clone", system_memory_clone(many(HERE, 1, 0), THERE));
    COUNT("free_shared", system_memory_free(many(HERE, 1, 0)));
    COUNT("move", system_parcel_move(HANDLE_NONE, sent(many(THERE, 1, 0), PARCEL_GIVE), HERE));
    COUNT("free", system_memory_free(many(HERE, 1, 0)));
    COUNT("create_zero", system_memory_create(HANDLE_NONE, many(HERE, 1, PARCEL_WRITABLE),
                                              MEMORY_ZERO));
    COUNT("fill", system_memory_create(HANDLE_NONE, many(HERE, 1, PARCEL_WRITABLE), MEMORY_FILL));
    COUNT("free_zero", system_memory_free(many(HERE, 1, 0)));
    COUNT("prepare", system_slot_prepare(many(HERE, 1, 0), 1));
    COUNT("release", system_slot_release(many(HERE, 1, 0)));
    COUNT("create_far", system_memory_create(HANDLE_NONE, many(NOWHERE, 1, PARCEL_WRITABLE),
                                             MEMORY_PAGES));
    COUNT("free_table", system_memory_free(one(NOWHERE, 4, 0)));
    count_after("after_free_table", 20);
}

// --- trees ---------------------------------------------------------------------------------------

// Full tables, and a page in each of all 512 of a directory.
static void trees_make(void)
{
    EXPECT(system_memory_free(one(HERE, 4, 0)), OK);
    EXPECT(system_memory_free(one(THERE, 4, 0)), OK);
    for (unsigned i = 0; i < FULL_TABLES; i++)
        table_make(HERE + i * TABLE_SIZE);
    memset((void *)HERE, 1, FULL_TABLES * TABLE_SIZE);
    for (uaddr_t at = SPARSE; at < SPARSE + DIRECTORY_SIZE; at += TABLE_SIZE) {
        EXPECT(system_memory_create(HANDLE_NONE, one(at, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
        *(volatile uint64_t *)at = at;
    }
}

// The way to a page that was cloned is broken, level by level.
static status_t write_first(uaddr_t at)
{
    *(volatile uint64_t *)at = 1;
    return OK;
}

static void count_fork(void)
{
    uint64_t child, thread;
    stock_set();
    EXPECT(system_process_create(CHILD_FRAMES, 0x6b726f66, 0, &child), OK);
    COUNT("fork", system_fork((handle_t)child));
    COUNT("write_after_fork", write_first(HERE));
    COUNT("thread", system_thread_create((handle_t)child, LAYOUT_LOWEST, LAYOUT_LOWEST, 0,
                                         &thread));
    COUNT("end", system_process_end((handle_t)child, 0));
    EXPECT(system_handle_close((handle_t)thread), OK);
    EXPECT(system_handle_close((handle_t)child), OK);
    count_after("after_end", 100);
}

static void count_trees(void)
{
    trees_make();
    COUNT("clone_directory", system_memory_clone(one(HERE, 3, 0), THERE));
    COUNT("write_after_clone", write_first(HERE));
    COUNT("free_clone", system_memory_free(one(THERE, 3, 0)));
    count_after("after_free_clone", 40);
    COUNT("clone_tables", system_memory_clone(many(SPARSE, 2, 0), THERE));
    COUNT("write_after_clone_tables", write_first(SPARSE));
    COUNT("protect_tables", system_memory_protect(many(SPARSE, 2, 0)));
    COUNT("free_tables", system_memory_free(many(THERE, 2, 0)));
    EXPECT(system_memory_protect(many(SPARSE, 2, PARCEL_WRITABLE)), OK);
    count_after("after_free_tables", 600);
    count_fork();
    COUNT("free_directory", system_memory_free(one(HERE, 3, 0)));
    count_after("after_free_directory", 40);
    COUNT("free_sparse", system_memory_free(one(SPARSE, 3, 0)));
    count_after("after_free_sparse", 600);
}

// --- large pages ---------------------------------------------------------------------------------

static void count_large(void)
{
    COUNT("create_large", system_memory_create(HANDLE_NONE, one(LARGE, 2, PARCEL_WRITABLE),
                                               MEMORY_LARGE));
    COUNT("fill_large", system_memory_create(HANDLE_NONE, one(LARGE, 2, PARCEL_WRITABLE),
                                             MEMORY_FILL));
    COUNT("touch_large", write_first(LARGE)); // all other pieces
    COUNT("split", system_memory_split(one(LARGE, 2, 0)));
    COUNT("join", system_memory_join(one(LARGE, 2, 0)));
    COUNT("clone_large", system_memory_clone(one(LARGE, 2, 0), LARGE + TABLE_SIZE));
    COUNT("write_after_clone_large", write_first(LARGE));
    COUNT("free_large_clone", system_memory_free(one(LARGE + TABLE_SIZE, 2, 0)));
    COUNT("free_part", system_memory_free(one(LARGE + PAGE_SIZE, 1, 0)));
    COUNT("free_large", system_memory_free(one(LARGE, 2, 0)));
    count_after("after_free_large", 20);
    EXPECT(system_memory_free(one(LARGE, 4, 0)), OK);
}

// --- messages ------------------------------------------------------------------------------------

static int be_server(void)
{
    struct message message;
    struct message_info info;
    handle_t port = start_handle("port");
    EXPECT(landing_prepare(1, PARCEL_ENTRIES), OK);
    status_t status = message_receive(port, &message, &info, 0);
    for (;;) {
        if (parcel_mode(message.parcel) == PARCEL_GIVE)
            (void)landing_free(message.parcel);
        message = (struct message){.tag = (uint16_t)status};
        status = message_reply_receive(port, &message, &info, 0);
    }
}

static status_t call_with(handle_t port, parcel_t parcel)
{
    struct message message = {.parcel = parcel};
    return ask(port, &message, 5000);
}

// There and back; a gift also frees, and prepares again.
static void count_messages(struct peer *server)
{
    EXPECT(system_memory_create(HANDLE_NONE, many(HERE, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    memset((void *)HERE, 1, RUN_SIZE);
    COUNT("call_lend", call_with(server->port, sent(many(HERE, 1, 0), PARCEL_LEND)));
    COUNT("call_clone", call_with(server->port, sent(many(HERE, 1, 0), PARCEL_CLONE)));
    COUNT("call_give", call_with(server->port, sent(many(HERE, 1, 0), PARCEL_GIVE)));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "server") == 0)
        return be_server();
    struct peer server = peer_start_limited("/test/longest", "server", HANDLE_NONE, 2048);
    for (unsigned round = 0; round < 2; round++) {
        stock_empty = round != 0;
        count_pages();
        count_trees();
        count_large();
        count_messages(&server);
    }
    peer_stop(&server);
    figures_print();
    return 0;
}
