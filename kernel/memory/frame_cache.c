// Allocation of frames. Each hart has a few free frames and a stock of zeroed ones of its own, so
// that it meets others at the buddy system's lock only once for a batch. Others come for what a
// hart keeps only when nothing else is left.
#include "debug/canary.h"
#include "debug/crash.h"
#include "hal/string.h"
#include "hart/hart.h"
#include "memory/buddy.h"
#include "memory/entry.h"
#include "memory/space.h"

static constexpr unsigned BATCH_ORDER = 4; // frames that go to or from the buddy system at once
static constexpr unsigned BATCH = 1 << BATCH_ORDER;
static constexpr unsigned CACHE_LIMIT = 48;  // free frames that a hart keeps
static constexpr unsigned STOCK_LIMIT = 128; // zeroed ones
static constexpr unsigned FRAME_STATES = FRAME_MODULE + 1;

struct frame_cache {
    struct spinlock lock;
    uint32_t free, free_count;     // a list by frame numbers
    uint32_t zeroed, zeroed_count; // another
    uint32_t limit;                // of free ones: CACHE_LIMIT, or 0 while frames are kept
    // Owner only, read by all: frames that went into a state here, less those that left it here.
    _Atomic int32_t state[FRAME_STATES];
};

static struct frame_cache caches[HART_LIMIT] __attribute__((aligned(64))) = {
    [0 ... HART_LIMIT - 1] = {.limit = CACHE_LIMIT}};
static_assert(sizeof(struct frame_cache) <= 64);

static uint64_t kept;
static unsigned fail_at;

static struct frame_cache *cache_here(void) { return &caches[hart_self()->index]; }

static void count(enum frame_state state, int frames) {
    _Atomic int32_t *counter = &cache_here()->state[state];
    int32_t before = __c11_atomic_load(counter, __ATOMIC_RELAXED);
    __c11_atomic_store(counter, before + frames, __ATOMIC_RELAXED);
}

// The first cache is used before harts are counted.
static uint64_t count_of(enum frame_state state) {
    int64_t frames = 0;
    for (unsigned i = 0; i == 0 || i < hart_count; i++)
        frames += __c11_atomic_load(&caches[i].state[state], __ATOMIC_RELAXED);
    return frames > 0 ? (uint64_t)frames : 0; // while others change them
}

static void range_count(uint64_t first, uint64_t last, void *total) {
    *(uint64_t *)total += last - first;
}

void frames_count(struct frame_counts *counts) {
    *counts = (struct frame_counts){
        .kernel = count_of(FRAME_KERNEL),
        .object = count_of(FRAME_OBJECT),
        .page = count_of(FRAME_PAGE),
        .table = count_of(FRAME_TABLE),
        .module = count_of(FRAME_MODULE),
    };
    for (unsigned i = 0; i == 0 || i < hart_count; i++) {
        spinlock_acquire(&caches[i].lock);
        counts->zeroed += caches[i].zeroed_count;
        spinlock_release(&caches[i].lock);
    }
    frames_each_range(range_count, &counts->total);
    counts->free = counts->total - counts->kernel - counts->object - counts->page - counts->table -
                   counts->module - counts->zeroed;
    int order = buddy_largest();
    counts->largest_free = order >= 0 ? 1ull << order : 0;
}

void frame_set_state(struct frame *frame, enum frame_state state) {
    if (frame->state != FRAME_RESERVED)
        count(frame->state, -1);
    frame_use(frame, state, frame->level);
    count(state, 1);
}

// --- lists ---------------------------------------------------------------------------------------

static void push(uint32_t *list, uint32_t *length, struct frame *frame) {
    frame_push(list, frame);
    ++*length;
}

static struct frame *pop(uint32_t *list, uint32_t *length) {
    if (*list == 0)
        return nullptr;
    --*length;
    return frame_pop(list);
}

void frames_keep(uint64_t frames) {
    kept = frames;
    for (unsigned i = 0; i < HART_LIMIT; i++)
        caches[i].limit = 0;
}

uint64_t frames_kept(void) { return kept; }

// How many frames whoever runs here leaves to others.
static uint64_t frames_to_leave(void) {
    struct hart *self = hart_self();
    const struct space *space =
        kept != 0 ? __c11_atomic_load(&self->space, __ATOMIC_RELAXED) : nullptr;
    return space != nullptr && space->resident ? 0 : kept;
}

// Takes the largest block of up to a batch, or one frame where none stay here.
[[gnu::noinline]] static void refill_locked(struct frame_cache *cache) REQUIRES(cache->lock) {
    struct frame *block = nullptr;
    unsigned order = cache->limit != 0 ? BATCH_ORDER + 1 : 1;
    while (block == nullptr && order-- != 0)
        block = buddy_take(order, frames_to_leave());
    for (unsigned i = block != nullptr ? 1u << order : 0; i-- != 0;)
        push(&cache->free, &cache->free_count, block + i);
}

[[gnu::noinline]] static void give_back(uint32_t *list, uint32_t *length, unsigned frames) {
    frames = frames < *length ? frames : *length;
    *length -= frames;
    buddy_put_list(list, frames);
}

static void drain(struct frame_cache *cache) {
    spinlock_acquire(&cache->lock);
    for (uint32_t next = cache->zeroed; next != 0; next = frame_number(next)->next) {
        if (CANARY)
            canary_verify(frame_number(next), true);
        frame_use(frame_number(next), FRAME_FREE, FRAME_INSIDE);
    }
    give_back(&cache->free, &cache->free_count, cache->free_count);
    give_back(&cache->zeroed, &cache->zeroed_count, cache->zeroed_count);
    spinlock_release(&cache->lock);
}

static void drain_all(void) {
    for (unsigned i = 0; i < HART_LIMIT; i++) // also before harts are counted
        drain(&caches[i]);
}

// One of the hart's own, whose contents are unknown.
static struct frame *take_one_locked(struct frame_cache *cache) REQUIRES(cache->lock) {
    if (cache->free == 0)
        refill_locked(cache);
    return pop(&cache->free, &cache->free_count);
}

static struct frame *take_one(void) {
    struct frame_cache *cache = cache_here();
    spinlock_acquire(&cache->lock);
    struct frame *frame = take_one_locked(cache);
    spinlock_release(&cache->lock);
    return frame;
}

// --- allocation ----------------------------------------------------------------------------------

static bool must_fail(void) { return fail_at != 0 && --fail_at == 0; }

void frames_fail_at(unsigned allocation) { fail_at = allocation; }

void frame_begin(struct frame *frame, enum frame_state state, unsigned level) {
    if (CANARY)
        canary_verify(frame, frame->state == FRAME_ZEROED);
    frame->sums[0] = frame->sums[1] = 0;
    frame->present = frame->default_entry = 0;
    frame->large = frame->pins = 0;
    __c11_atomic_store(&frame->references, 1, __ATOMIC_RELAXED);
    frame_use(frame, state, level);
}

// Whole blocks, and where the hart's own cache and the buddy system have nothing. A large page does
// not wait for all that could be free.
[[gnu::noinline]] static struct frame *take(unsigned order) {
    struct frame *frame = order == 0 ? take_one() : buddy_take(order, frames_to_leave());
    for (bool more = true; frame == nullptr && more;) {
        more = tables_free_one() && order < ENTRY_BITS;
        drain_all();
        frame = order == 0 ? take_one() : buddy_take(order, frames_to_leave());
    }
    return frame;
}

// Begins the use of a block; of another one if that is nullptr.
static inline status_t allocated(struct frame *frame, unsigned order, enum frame_state state,
                                 struct frame **result) {
    if (frame == nullptr && (frame = take(order)) == nullptr)
        return ERR_NO_FRAME;
    frame_begin(frame, state, 1);
    for (uint64_t i = 1; CANARY && i < 1ull << order; i++)
        canary_verify(frame + i, false);
    count(state, 1 << order);
    *result = frame;
    return OK;
}

status_t frame_allocate(unsigned order, enum frame_state state, struct frame **frame) {
    if (must_fail())
        return ERR_NO_FRAME;
    return allocated(order == 0 ? take_one() : nullptr, order, state, frame);
}

[[gnu::noinline]] static status_t allocate_and_zero(struct frame_cache *cache,
                                                    enum frame_state state, struct frame **result)
    RELEASE(cache->lock) {
    struct frame *frame = take_one_locked(cache);
    spinlock_release(&cache->lock);
    status_t status = allocated(frame, 0, state, result);
    if (status == OK)
        page_zero(frame_contents(*result));
    return status;
}

status_t frame_allocate_zeroed(enum frame_state state, struct frame **result) {
    struct frame_cache *cache = cache_here();
    if (must_fail())
        return ERR_NO_FRAME;
    spinlock_acquire(&cache->lock);
    if (__builtin_expect(cache->zeroed == 0, 0))
        return allocate_and_zero(cache, state, result);
    struct frame *frame = pop(&cache->zeroed, &cache->zeroed_count);
    spinlock_release(&cache->lock);
    frame_begin(frame, state, 1);
    count(state, 1);
    *result = frame;
    return OK;
}

unsigned frames_in_stock(void) {
    struct frame_cache *cache = cache_here();
    spinlock_acquire(&cache->lock);
    unsigned count = cache->zeroed_count;
    spinlock_release(&cache->lock);
    return count;
}

void frame_free(struct frame *frame, unsigned order) {
    count(frame->state, -(1 << order));
    frame->pins = 0;
    for (uint64_t i = 0; CANARY && i < 1ull << order; i++)
        canary_set(frame + i);
    frame_use(frame, FRAME_FREE, FRAME_INSIDE);
    if (order != 0) {
        buddy_put(frame, order);
        return;
    }
    struct frame_cache *cache = cache_here();
    spinlock_acquire(&cache->lock);
    push(&cache->free, &cache->free_count, frame);
    if (cache->free_count > cache->limit)
        give_back(&cache->free, &cache->free_count, BATCH);
    spinlock_release(&cache->lock);
}

void frame_release(struct frame *frame) {
    bool last = __c11_atomic_load(&frame->references, __ATOMIC_ACQUIRE) == 1 ||
                __c11_atomic_fetch_sub(&frame->references, 1, __ATOMIC_ACQ_REL) == 1;
    if (last)
        frame_free(frame, 0);
}

// --- zeroing in idle time ------------------------------------------------------------------------

static bool zero_one(struct frame_cache *cache) {
    struct frame *frame = nullptr;
    spinlock_acquire(&cache->lock);
    if (cache->zeroed_count < STOCK_LIMIT)
        frame = take_one_locked(cache);
    spinlock_release(&cache->lock);
    if (frame == nullptr)
        return false;
    if (CANARY)
        canary_verify(frame, false);
    page_zero(frame_contents(frame));
    frame_use(frame, FRAME_ZEROED, FRAME_INSIDE);
    spinlock_acquire(&cache->lock);
    push(&cache->zeroed, &cache->zeroed_count, frame);
    spinlock_release(&cache->lock);
    return true;
}

unsigned frames_zero_some(unsigned limit) {
    unsigned zeroed = 0;
    while (zeroed < limit && (tables_free_one() || zero_one(cache_here())))
        zeroed++;
    return zeroed;
}
