#include "memory/tlb.h"

#include "hart/hart.h"

static constexpr unsigned PENDING = LEVELS; // a way that is broken, with its page

// Entries to let go when the harts that were asked have answered. Owner only.
static struct pending {
    unsigned count;
    struct {
        entry_t entry;
        unsigned level;
    } entries[PENDING];
} pending[HART_LIMIT];

static bool hart_runs(struct hart *hart, const struct space *space) {
    return __c11_atomic_load(&hart->space, __ATOMIC_SEQ_CST) == space;
}

static void others_ask(struct hart *self, const struct space *space) {
    for (unsigned i = 0; i < hart_count; i++) {
        struct hart *hart = harts[i];
        if (hart == nullptr || hart == self || !hart_runs(hart, space))
            continue;
        __c11_atomic_fetch_add(&hart->flush, 1, __ATOMIC_SEQ_CST);
        hal_hart_interrupt(hart, VECTOR_FLUSH);
        self->counters.flush_ipis++;
        self->flush_asked = true;
    }
}

static uint64_t generation_advance(struct space *space) {
    return __c11_atomic_fetch_add(&space->generation, 1, __ATOMIC_SEQ_CST) + 1;
}

static void flush_all(struct hart *self) {
    self->counters.space_loads++;
    hal_space_flush();
}

// --- translations that are tagged ----------------------------------------------------------------

static unsigned tag_of(uint64_t generation) {
    return (unsigned)(generation / GENERATION_STEP % SPACE_TAGS);
}

void tlb_switch(void) {
    struct hart *hart = hart_self();
    struct space *space = __c11_atomic_load(&hart->space, __ATOMIC_RELAXED);
    hart->tagged[tag_of(hart->generation)] = hart->generation;
    // Whoever counts the generation up after this reads hart->space as it is now, and asks for a
    // flush.
    __c11_atomic_thread_fence(__ATOMIC_SEQ_CST);
    hart->generation = __c11_atomic_load(&space->generation, __ATOMIC_ACQUIRE);
    unsigned tag = tag_of(hart->generation);
    bool keep = hart->tagged[tag] == hart->generation;
    hart->counters.space_keeps += keep;
    hal_space_load_tagged(space->root, tag, keep);
}

// --- changes -------------------------------------------------------------------------------------

void tlb_changed(struct space *space, uaddr_t address, uint64_t pages) {
    struct hart *self = hart_self();
    uint64_t generation = generation_advance(space);
    if (hart_runs(self, space)) {
        if (pages == 1 && self->generation + 1 == generation) {
            self->counters.page_flushes++;
            hal_page_flush(address);
        } else {
            flush_all(self);
        }
        self->generation = generation;
    }
    if (hart_count > 1)
        others_ask(self, space);
}

void tlb_owed(struct space *space) {
    (void)generation_advance(space);
    if (hart_count > 1)
        others_ask(hart_self(), space);
}

void tlb_lender_stale(struct space *space) { (void)generation_advance(space); }

// --- the side that is asked ----------------------------------------------------------------------

void hart_poll(void) {
    struct hart *self = hart_self();
    uint32_t asked = __c11_atomic_load(&self->flush, __ATOMIC_ACQUIRE);
    if (asked == __c11_atomic_load(&self->flushed, __ATOMIC_RELAXED))
        return;
    flush_all(self);
    __c11_atomic_store(&self->flushed, asked, __ATOMIC_RELEASE);
}

// --- waiting -------------------------------------------------------------------------------------

// Waits for all that the hart has been asked until now, by anybody.
static void hart_await(struct hart *hart) {
    uint32_t asked = __c11_atomic_load(&hart->flush, __ATOMIC_RELAXED);
    while ((int32_t)(__c11_atomic_load(&hart->flushed, __ATOMIC_ACQUIRE) - asked) < 0) {
        hal_pause();
        hart_poll();
    }
}

static void pending_release(struct pending *list) {
    while (list->count != 0) {
        list->count--;
        entry_drop(list->entries[list->count].entry, list->entries[list->count].level);
    }
}

void tlb_wait_all(void) {
    struct hart *self = hart_self();
    for (unsigned i = 0; i < hart_count; i++)
        if (harts[i] != nullptr && harts[i] != self)
            hart_await(harts[i]);
    self->flush_asked = false;
    pending_release(&pending[self->index]);
}

[[gnu::noinline]] static void release_later(struct hart *self, entry_t entry, unsigned level) {
    struct pending *list = &pending[self->index];
    if (list->count == PENDING) {
        tlb_wait_all(); // rare enough to wait under a lock: every spin loop answers
        return entry_drop(entry, level);
    }
    list->entries[list->count].entry = entry;
    list->entries[list->count++].level = level;
}

void tlb_release(entry_t entry, unsigned level) {
    struct hart *self = hart_self();
    if (self->flush_asked)
        release_later(self, entry, level);
    else
        entry_drop(entry, level);
}
