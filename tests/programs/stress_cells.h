// What a thread of stress_worker.h knows of its memory, and whether memory holds it.
#pragma once

#include "message.h"

#include <string.h>

static constexpr uint64_t WORKER_FRAMES = 4608;
static constexpr unsigned WORKERS = 3; // threads
static constexpr unsigned CELLS = 32;  // pages of each
static constexpr unsigned RUN = 8;     // pages at once, at most
static constexpr uint64_t FORK_FRAMES = 1'400; // with one large page
static constexpr uaddr_t WORKER_MEMORY = 0x0100'0000'0000;
static constexpr uint64_t TABLE_SIZE = PAGE_SIZE * TABLE_ENTRIES;
static constexpr unsigned LAST_WORD = PAGE_SIZE / sizeof(uint64_t) - 1;

struct cell {
    bool there, read_only;
    bool came_read_only; // and stays so
    uint64_t value;
};

struct worker {
    alignas(16) uint8_t stack[2][4 * PAGE_SIZE]; // taken in turns
    uint64_t random;
    // A table of pages each. Between two steps nothing is in the others.
    uaddr_t memory, other, third;
    handle_t uses, deaths;
    struct cell cells[CELLS];
    uint64_t written; // to the board
    _Atomic bool done;
};

static struct worker workers[WORKERS];
// A page: one word for each thread. In a page of its own, because it is cloned.
alignas(PAGE_SIZE) static volatile uint64_t board[PAGE_SIZE / sizeof(uint64_t)];

#define WORKER_CHECK(condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            worker_fail(__LINE__);                                                                 \
    } while (false)

// Ends the process, a fork of it too, which has no handles.
[[noreturn]] static void worker_fail(unsigned line)
{
    (void)system_process_end(HANDLE_NONE, line / 2);
    for (;;) {
    }
}

static uint64_t worker_below(struct worker *w, uint64_t limit)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % limit;
}

// --- what memory should hold ---------------------------------------------------------------------

struct cell_run {
    unsigned first, count;
};

static struct cell_run run_pick(struct worker *w)
{
    unsigned count = 1 + (unsigned)worker_below(w, RUN);
    return (struct cell_run){(unsigned)worker_below(w, CELLS - count + 1), count};
}

static bool run_is(const struct worker *w, struct cell_run run, bool there)
{
    for (unsigned i = run.first; i < run.first + run.count; i++)
        if (w->cells[i].there != there)
            return false;
    return true;
}

static parcel_t run_parcel(const struct worker *w, struct cell_run run, enum parcel_mode mode,
                           uint64_t rights)
{
    return pages_parcel(w->memory + run.first * PAGE_SIZE, run.count, mode, rights);
}

static volatile uint64_t *words_at(uaddr_t memory, unsigned cell)
{
    return (volatile uint64_t *)(memory + cell * PAGE_SIZE);
}

static void cells_verify(const struct cell *cells, uaddr_t memory)
{
    for (unsigned i = 0; i < CELLS; i++) {
        if (!cells[i].there)
            continue;
        WORKER_CHECK(words_at(memory, i)[0] == cells[i].value);
        WORKER_CHECK(words_at(memory, i)[LAST_WORD] == cells[i].value);
    }
}

static void cells_write(struct worker *w)
{
    for (unsigned i = 0; i < CELLS; i++) {
        if (!w->cells[i].there || w->cells[i].read_only || worker_below(w, 2) == 0)
            continue;
        w->cells[i].value = w->random;
        words_at(w->memory, i)[0] = w->random;
        words_at(w->memory, i)[LAST_WORD] = w->random;
    }
}

// All of `other`, with its table.
static void other_free(struct worker *w)
{
    WORKER_CHECK(system_memory_free(parcel_make(w->other, 2, 1, PARCEL_NONE, 0)) == OK);
}
