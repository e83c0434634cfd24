// A worker of stress.c: threads of one process, each of which makes, writes, frees, clones,
// protects, moves, lends and gives memory of its own, pages and large ones, forks the process,
// fills others, and looks whether memory holds what it should. They share an account, the tables
// above their memory, and the board, of which clones are taken while all of them write to it.
//
// A worker goes on until it is ended. If it finds anything wrong, it exits with half the number of
// the line that did, of this file or of those that it includes.
#pragma once

#include "stress_cells.h"
#include "stress_large.h"

// --- steps ---------------------------------------------------------------------------------------

static void step_create(struct worker *w)
{
    struct cell_run run = run_pick(w);
    uint32_t kind = worker_below(w, 2) ? MEMORY_PAGES : MEMORY_ZERO;
    status_t status = system_memory_create(
        HANDLE_NONE, run_parcel(w, run, PARCEL_NONE, PARCEL_WRITABLE), kind);
    if (status == ERR_NO_MEMORY)
        return;
    WORKER_CHECK(status == (run_is(w, run, false) ? OK : ERR_OCCUPIED));
    for (unsigned i = run.first; status == OK && i < run.first + run.count; i++)
        w->cells[i] = (struct cell){.there = true};
}

static void step_free(struct worker *w)
{
    struct cell_run run = run_pick(w);
    WORKER_CHECK(system_memory_free(run_parcel(w, run, PARCEL_NONE, 0)) == OK);
    memset(w->cells + run.first, 0, run.count * sizeof *w->cells);
}

static status_t protect_expected(const struct worker *w, struct cell_run run, bool read_only)
{
    for (unsigned i = run.first; i < run.first + run.count; i++) {
        if (!w->cells[i].there)
            return ERR_EMPTY;
        if (w->cells[i].came_read_only && !read_only)
            return ERR_NO_RIGHT;
    }
    return OK;
}

static void step_protect(struct worker *w)
{
    struct cell_run run = run_pick(w);
    bool read_only = worker_below(w, 2) != 0;
    status_t status = system_memory_protect(
        run_parcel(w, run, PARCEL_NONE, read_only ? 0 : PARCEL_WRITABLE));
    WORKER_CHECK(status == protect_expected(w, run, read_only));
    for (unsigned i = run.first; status == OK && i < run.first + run.count; i++)
        w->cells[i].read_only = read_only;
}

static void step_clone(struct worker *w)
{
    struct cell_run from = run_pick(w);
    struct cell_run to = {(unsigned)worker_below(w, CELLS - from.count + 1), from.count};
    if (!run_is(w, from, true) || !run_is(w, to, false))
        return;
    status_t status = system_memory_clone(run_parcel(w, from, PARCEL_NONE, 0),
                                          w->memory + to.first * PAGE_SIZE);
    if (status == ERR_NO_MEMORY)
        return;
    WORKER_CHECK(status == OK);
    memcpy(w->cells + to.first, w->cells + from.first, from.count * sizeof *w->cells);
    for (unsigned i = to.first; i < to.first + to.count; i++)
        w->cells[i].came_read_only = false; // a copy is its holder's own
}

// The whole table is cloned; one of the two is written to, the other stays what it was.
static void step_table(struct worker *w)
{
    struct cell before[CELLS];
    status_t status =
        system_memory_clone(parcel_make(w->memory, 2, 1, PARCEL_NONE, 0), w->other);
    if (status == ERR_NO_MEMORY)
        return;
    WORKER_CHECK(status == OK);
    memcpy(before, w->cells, sizeof before);
    cells_write(w);
    cells_verify(before, w->other);
    other_free(w);
}

// Away and back. They have the rights that were asked for then.
static void step_move(struct worker *w)
{
    struct cell_run run = run_pick(w);
    uint64_t offset = run.first * PAGE_SIZE, rights = PARCEL_WRITABLE;
    if (!run_is(w, run, true))
        return;
    for (unsigned i = run.first; i < run.first + run.count; i++)
        if (w->cells[i].read_only)
            rights = 0;
    parcel_t back = pages_parcel(w->other + offset, run.count, PARCEL_GIVE, rights);
    status_t status = system_parcel_move(HANDLE_NONE, run_parcel(w, run, PARCEL_GIVE, rights),
                                         w->other + offset);
    if (status == ERR_NO_MEMORY)
        return;
    WORKER_CHECK(status == OK);
    for (unsigned i = run.first; i < run.first + run.count; i++) {
        WORKER_CHECK(words_at(w->other, i)[0] == w->cells[i].value);
        w->cells[i].read_only = rights == 0;
        w->cells[i].came_read_only |= rights == 0;
    }
    WORKER_CHECK(system_parcel_move(HANDLE_NONE, back, w->memory + offset) == OK);
    other_free(w);
}

// Lent pages are there again, with the reply or when the server has died. Whether given ones are
// gone, only the slot knows.
static void step_send(struct worker *w)
{
    struct cell_run run = run_pick(w);
    bool given = worker_below(w, 4) == 0;
    if (!run_is(w, run, true))
        return;
    struct message message = {.tag = 5 + worker_below(w, 3)};
    message.parcel = run_parcel(w, run, given ? PARCEL_GIVE : PARCEL_LEND, 0);
    (void)message_call(w->uses, &message, deadline_after((1 + worker_below(w, 20)) * MS));
    if (!given)
        return;
    uint64_t found, charge;
    WORKER_CHECK(system_parcel_query(w->memory + run.first * PAGE_SIZE, &found, &charge) == OK);
    if (found >> 56 == SLOT_EMPTY)
        memset(w->cells + run.first, 0, run.count * sizeof *w->cells);
}

// --- the board -----------------------------------------------------------------------------------

// Each thread writes its own word, whatever becomes of the page below; a clone stays what it was.
static void step_board(struct worker *w)
{
    unsigned own = (unsigned)(w - workers);
    volatile uint64_t *copy = (volatile uint64_t *)w->other;
    parcel_t slot = pages_parcel((uaddr_t)board, 1, PARCEL_NONE, 0);
    status_t status = system_memory_clone(slot, w->other);
    WORKER_CHECK(status == OK || status == ERR_NO_MEMORY);
    uint64_t seen[WORKERS];
    for (unsigned i = 0; status == OK && i < WORKERS; i++)
        seen[i] = copy[i];
    for (unsigned i = 0; i < 50; i++) {
        WORKER_CHECK(board[own] == w->written);
        board[own] = ++w->written;
    }
    for (unsigned i = 0; status == OK && i < WORKERS; i++)
        WORKER_CHECK(copy[i] == seen[i]);
    if (status == OK)
        other_free(w);
}

// --- other processes -----------------------------------------------------------------------------

[[noreturn]] static void fork_run(uint64_t argument)
{
    struct worker *w = &workers[argument];
    cells_verify(w->cells, w->memory);
    cells_write(w);
    cells_verify(w->cells, w->memory);
    (void)system_process_end(HANDLE_NONE, 0);
    for (;;) {
    }
}

// Its thread begins on the stack that this one has not.
static uaddr_t stack_of(struct worker *w, unsigned which)
{
    return (uaddr_t)w->stack[which] + sizeof w->stack[which] - 8;
}

// The death of the fork, at once or when it has looked at its memory.
static void fork_end(struct worker *w, handle_t child)
{
    struct message message;
    struct message_info info;
    bool killed = worker_below(w, 3) == 0;
    if (killed)
        (void)system_process_end(child, 0);
    WORKER_CHECK(system_process_watch(child, 0, w->deaths, 0) == OK);
    status_t status = message_receive(w->deaths, &message, &info, deadline_after(20'000 * MS));
    WORKER_CHECK(status == OK && info.kind == KIND_DEATH);
    if (message.word[1] != 0)
        worker_fail(2 * (unsigned)message.word[1]); // what the fork found
    WORKER_CHECK(killed || (message.word[2] & 255) == END_EXITED);
}

static void step_fork(struct worker *w, unsigned spare_stack)
{
    uint64_t child, thread;
    status_t status = system_process_create(FORK_FRAMES, 0x6b726f66, 0, &child);
    if (status == ERR_NO_MEMORY)
        return;
    WORKER_CHECK(status == OK);
    status = system_fork((handle_t)child);
    if (status == ERR_NO_MEMORY) { // the others have large pages now
        WORKER_CHECK(system_process_end((handle_t)child, 0) == OK);
        WORKER_CHECK(system_handle_close((handle_t)child) == OK);
        return;
    }
    WORKER_CHECK(status == OK);
    cells_write(w); // the fork keeps what was, but its model is of then, too
    status = system_thread_create((handle_t)child, (uaddr_t)fork_run, stack_of(w, spare_stack),
                                  (uint64_t)(w - workers), &thread);
    WORKER_CHECK(status == OK);
    (void)system_handle_close((handle_t)thread);
    fork_end(w, (handle_t)child);
    (void)system_handle_close((handle_t)child);
}

// A process that never starts is given pages, or clones of them, and goes.
static void step_fill(struct worker *w)
{
    struct cell_run run = run_pick(w);
    bool given = worker_below(w, 2) != 0;
    uint64_t child;
    if (!run_is(w, run, true) || system_process_create(64, 0x6c6c6966, 0, &child) != OK)
        return;
    parcel_t parcel = run_parcel(w, run, given ? PARCEL_GIVE : PARCEL_CLONE, 0);
    status_t status = system_parcel_move((handle_t)child, parcel, w->memory);
    WORKER_CHECK(status == OK);
    if (given)
        memset(w->cells + run.first, 0, run.count * sizeof *w->cells);
    if (worker_below(w, 2) != 0)
        WORKER_CHECK(system_process_end((handle_t)child, 0) == OK);
    WORKER_CHECK(system_handle_close((handle_t)child) == OK);
}

// --- threads -------------------------------------------------------------------------------------

static void worker_step(struct worker *w, unsigned spare_stack)
{
    switch (worker_below(w, 18)) {
    case 0 ... 3:
        step_create(w);
        break;
    case 4:
        step_free(w);
        break;
    case 5:
        step_protect(w);
        break;
    case 6 ... 7:
        step_clone(w);
        break;
    case 8:
        step_table(w);
        break;
    case 9:
        step_move(w);
        break;
    case 10 ... 11:
        step_send(w);
        break;
    case 12 ... 13:
        step_board(w);
        break;
    case 14:
        step_fork(w, spare_stack);
        break;
    case 15 ... 16:
        step_large(w);
        break;
    default:
        step_fill(w);
        break;
    }
    cells_write(w);
    cells_verify(w->cells, w->memory);
}

// A thread does some steps and ends; another takes its place, on the other stack.
[[noreturn]] static void worker_run(uint64_t argument)
{
    struct worker *w = &workers[argument / 2];
    for (uint64_t steps = 20 + worker_below(w, 100); steps != 0; steps--)
        worker_step(w, argument % 2 ^ 1);
    w->done = true;
    (void)system_thread_end();
    for (;;) {
    }
}

static void worker_start(unsigned index, unsigned stack)
{
    uint64_t thread;
    workers[index].done = false;
    WORKER_CHECK(system_thread_create(HANDLE_NONE, (uaddr_t)worker_run,
                                      stack_of(&workers[index], stack), index * 2 + stack,
                                      &thread) == OK);
    WORKER_CHECK(system_handle_close((handle_t)thread) == OK);
}

static void worker_prepare(unsigned index)
{
    struct worker *w = &workers[index];
    uint64_t deaths;
    w->random = start_page()->random[1] + index * 2 + 1;
    w->memory = WORKER_MEMORY + 3 * index * TABLE_SIZE;
    w->other = w->memory + TABLE_SIZE;
    w->third = w->other + TABLE_SIZE;
    w->uses = start_handle("uses");
    EXPECT(system_port_create(0, &deaths), OK);
    w->deaths = (handle_t)deaths;
    for (unsigned i = 0; i < CELLS; i += RUN) // so that there is a table
        EXPECT(system_memory_create(HANDLE_NONE,
                                    pages_parcel(w->memory + i * PAGE_SIZE, RUN, PARCEL_NONE,
                                                 PARCEL_WRITABLE),
                                    MEMORY_ZERO),
               OK);
    for (unsigned i = 0; i < CELLS; i++)
        w->cells[i].there = true;
}

[[noreturn]] static void be_worker(void)
{
    unsigned stack[WORKERS] = {};
    for (unsigned i = 0; i < WORKERS; i++) {
        worker_prepare(i);
        worker_start(i, 0);
    }
    for (;;) {
        (void)sleep_until(deadline_after(2 * MS));
        for (unsigned i = 0; i < WORKERS; i++)
            if (workers[i].done)
                worker_start(i, stack[i] ^= 1);
    }
}
