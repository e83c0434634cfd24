// A step of stress_worker.h: one large page, which is split, joined, cloned and freed in parts.
#pragma once

#include "stress_cells.h"

static constexpr unsigned SAMPLES = 4; // pages that are looked at

static void samples_write(uaddr_t memory, const unsigned *pages, uint64_t value)
{
    for (unsigned i = 0; i < SAMPLES; i++)
        *words_at(memory, pages[i]) = value;
}

static void samples_verify(uaddr_t memory, const unsigned *pages, uint64_t value)
{
    for (unsigned i = 0; i < SAMPLES; i++)
        WORKER_CHECK(*words_at(memory, pages[i]) == value);
}

// A table, and one page again, unless a fork of another thread has a share in it.
static void large_regroup(struct worker *w)
{
    parcel_t slot = parcel_make(w->other, 2, 1, PARCEL_NONE, 0);
    status_t status = system_memory_split(slot);
    WORKER_CHECK(status == OK || status == ERR_NO_FRAME);
    if (status == OK) {
        status = system_memory_join(slot);
        WORKER_CHECK(status == OK || status == ERR_NO_RUN || status == ERR_NO_FRAME);
    }
}

// One of two that share it is written to; the other stays what it was.
static void large_clone(struct worker *w, const unsigned *pages, uint64_t value)
{
    parcel_t slot = parcel_make(w->third, 2, 1, PARCEL_NONE, 0);
    status_t status = system_memory_clone(parcel_make(w->other, 2, 1, PARCEL_NONE, 0), w->third);
    if (status == ERR_NO_MEMORY)
        return;
    WORKER_CHECK(status == OK);
    samples_write(w->third, pages, ~value);
    samples_verify(w->other, pages, value);
    samples_verify(w->third, pages, ~value);
    WORKER_CHECK(system_memory_free(slot) == OK);
}

// A part gets rights of its own, or goes; what is beside it stays.
static void large_part(struct worker *w, unsigned page)
{
    parcel_t part = pages_parcel(w->other + page * PAGE_SIZE, 1, PARCEL_NONE, 0);
    status_t status = worker_below(w, 2) ? system_memory_protect(part) : system_memory_free(part);
    WORKER_CHECK(status == OK || status == ERR_NO_FRAME);
}

static void step_large(struct worker *w)
{
    parcel_t slot = parcel_make(w->other, 2, 1, PARCEL_NONE, PARCEL_WRITABLE);
    status_t status = system_memory_create(HANDLE_NONE, slot, MEMORY_LARGE);
    if (status == ERR_NO_MEMORY || status == ERR_NO_RUN)
        return;
    WORKER_CHECK(status == OK);
    unsigned pages[SAMPLES];
    uint64_t value = w->random;
    for (unsigned i = 0; i < SAMPLES; i++) // never the last one
        pages[i] = (unsigned)worker_below(w, TABLE_ENTRIES - 1);
    samples_verify(w->other, pages, 0);
    samples_write(w->other, pages, value);
    for (unsigned i = 1 + (unsigned)worker_below(w, 3); i != 0; i--) {
        if (worker_below(w, 2) != 0)
            large_regroup(w);
        else
            large_clone(w, pages, value);
        samples_verify(w->other, pages, value);
    }
    if (worker_below(w, 2) != 0)
        large_part(w, TABLE_ENTRIES - 1);
    samples_verify(w->other, pages, value);
    other_free(w);
}
