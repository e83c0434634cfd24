// First touches, copy-on-write, fork, exec.
#define _GNU_SOURCE
#include "measure.h"
#include "rows.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, FORK_SAMPLES = 256 };
enum { TOUCHED_PAGES = 16384 }; // 64 MiB

static char *map(size_t pages)
{
    char *memory =
        mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    measure_demand(memory != MAP_FAILED, "mmap");
    (void)madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
    return memory;
}

// --- pages ---------------------------------------------------------------------------------------

// Writes to the next page each time.
static inline void touch_next(void *context)
{
    volatile char **next = context;
    **next = 1;
    *next += PAGE;
}

static void measure_touch(void)
{
    size_t pages = MEASURE_SAMPLES + MEASURE_WARM_UP;
    char *memory = map(pages), *next = memory;
    measure("first_touch", touch_next, NULL, &next);
    int process = fork();
    measure_demand(process >= 0, "fork");
    if (process == 0) {
        next = memory;
        measure("write_break", touch_next, NULL, &next);
        _exit(0);
    }
    measure_demand(waitpid(process, NULL, 0) == process, "waitpid");
    munmap(memory, pages * PAGE);
}

static void unmap(void *context)
{
    char **page = context;
    if (*page != NULL)
        measure_demand(munmap(*page, PAGE) == 0, "munmap");
    *page = NULL;
}

static inline void map_page(void *context)
{
    *(char **)context =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void map_touched(void *context)
{
    map_page(context);
    **(volatile char **)context = 1;
}

static inline void unmap_page(void *context)
{
    measure_demand(munmap(*(char **)context, PAGE) == 0, "munmap");
}

static void measure_map(void)
{
    char *page = NULL;
    measure("map_page", map_page, unmap, &page);
    unmap(&page);
    measure("unmap_page", unmap_page, map_touched, &page);
}

// --- a page that is there already: what mapping is where nothing has to be made
// -------------------

// A page of a file in memory at `hole`; its neighbour but one is mapped, which keeps the page
// table.
struct prepared {
    int file;
    char *hole;
};

static inline void map_prepared(void *context)
{
    const struct prepared *prepared = context;
    char *page = mmap(prepared->hole, PAGE, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_POPULATE | MAP_FIXED_NOREPLACE, prepared->file, 0);
    measure_demand(page == prepared->hole, "mmap");
}

static inline void unmap_prepared(void *context)
{
    const struct prepared *prepared = context;
    measure_demand(munmap(prepared->hole, PAGE) == 0, "munmap");
}

static void prepare_unmapped(void *context)
{
    const struct prepared *prepared = context;
    (void)munmap(prepared->hole, PAGE);
}

static inline void fault_prepared(void *context)
{
    const struct prepared *prepared = context;
    *(volatile char *)prepared->hole = 1;
}

static inline void zap_prepared(void *context)
{
    const struct prepared *prepared = context;
    measure_demand(madvise(prepared->hole, PAGE, MADV_DONTNEED) == 0, "madvise");
}

static void measure_prepared(void)
{
    struct prepared prepared = {.file = memfd_create("page", 0), .hole = map(4) + PAGE};
    measure_demand(prepared.file >= 0 && ftruncate(prepared.file, PAGE) == 0, "memfd_create");
    prepared.hole[-PAGE] = prepared.hole[2 * PAGE] = 1;
    measure_demand(munmap(prepared.hole, 2 * PAGE) == 0, "munmap");
    measure("map_prepared", map_prepared, prepare_unmapped, &prepared);
    prepare_unmapped(&prepared);
    measure("unmap_prepared", unmap_prepared, map_prepared, &prepared);
    map_prepared(&prepared);
    measure("fault_prepared", fault_prepared, zap_prepared, &prepared);
    measure("zap_prepared", zap_prepared, fault_prepared, &prepared);
    munmap(prepared.hole - PAGE, 4 * PAGE);
    close(prepared.file);
}

// --- processes -----------------------------------------------------------------------------------

static void wait_for(int process)
{
    measure_demand(process > 0 && waitpid(process, NULL, 0) == process, "waitpid");
}

static inline void fork_exit_wait(void *context)
{
    (void)context;
    int process = fork();
    if (process == 0)
        _exit(0);
    wait_for(process);
}

static inline void fork_only(void *context)
{
    int process = fork();
    if (process == 0)
        _exit(0);
    *(int *)context = process;
}

static void reap(void *context)
{
    int *process = context;
    if (*process != 0)
        wait_for(*process);
}

static inline void vfork_exec_wait(void *context)
{
    char *arguments[] = {context, NULL}, *environment[] = {NULL};
    int process = vfork();
    if (process == 0) {
        execve(context, arguments, environment);
        _exit(127);
    }
    int status;
    measure_demand(waitpid(process, &status, 0) == process && status == 0, "exec");
}

static uint64_t fork_median(void)
{
    int process = 0;
    measure_sample(fork_only, reap, &process, FORK_SAMPLES);
    reap(&process);
    return measure_median();
}

static void measure_fork(void)
{
    measure("fork_exit_wait", fork_exit_wait, NULL, NULL);
    uint64_t small = fork_median();
    char *memory = map(TOUCHED_PAGES);
    for (size_t i = 0; i < TOUCHED_PAGES; i++)
        memory[i * PAGE] = 1;
    uint64_t large = fork_median();
    measure_single("fork", small);
    measure_single("fork_64m", large);
    measure_single("fork_page", (large - small) / TOUCHED_PAGES);
    munmap(memory, (size_t)TOUCHED_PAGES * PAGE);
}

void memory_measure(void)
{
    measure_touch();
    measure_map();
    measure_prepared();
    measure_fork();
    measure("start_smallest", vfork_exec_wait, NULL, "/smallest");
    measure("start_program", vfork_exec_wait, NULL, "/nothing");
}
