// The frame database: where it lies, and what the machine's RAM is.
#include "memory/frame.h"

#include "debug/crash.h"
#include "debug/log.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "memory/buddy.h"

LOG_MODULE(LOG_MEMORY);

// RAM, as runs of frame numbers [first, last), sorted.
static struct range {
    uint64_t first, last;
} ranges[BOOT_REGIONS];
static unsigned range_count;
static uint64_t mapped_end; // first byte of the database behind what is mapped, from LAYOUT_FRAMES

struct frame *zero_frame;

struct frame *frame_of(paddr_t address) {
    uint64_t number = address >> PAGE_BITS;
    unsigned low = 0, high = range_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (number >= ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < range_count && number >= ranges[low].first ? frame_number(number) : nullptr;
}

void frames_each_range(void (*body)(uint64_t, uint64_t, void *), void *argument) {
    for (unsigned i = 0; i < range_count; i++)
        body(ranges[i].first, ranges[i].last, argument);
}

// Maps the part of the database that describes [first, last).
static void database_map(uint64_t first, uint64_t last) {
    uint64_t start = first * sizeof(struct frame) & ~(PAGE_SIZE - 1);
    uint64_t end = (last * sizeof(struct frame) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (start < mapped_end)
        start = mapped_end;
    if (start >= end)
        return;
    paddr_t memory = boot_allocate(end - start);
    paging_map(LAYOUT_FRAMES + start, memory, end - start, ENTRY_WRITE | ENTRY_NO_EXECUTE);
    mapped_end = end;
}

// Whole frames of a free region; every frame that any other kind touches. Number 0 means "none".
static struct range region_frames(const struct boot_region *region) {
    bool whole = region->kind == BOOT_FREE;
    uint64_t first = (region->start + (whole ? PAGE_SIZE - 1 : 0)) >> PAGE_BITS;
    uint64_t end = region->start + region->size + (whole ? 0 : PAGE_SIZE - 1);
    return (struct range){first != 0 ? first : 1, end >> PAGE_BITS};
}

static void range_add(struct range range) {
    if (range.first >= range.last)
        return;
    struct range *before = range_count != 0 ? &ranges[range_count - 1] : nullptr;
    if (before == nullptr || range.first > before->last)
        ranges[range_count++] = range;
    else if (range.last > before->last)
        before->last = range.last;
}

static void frames_mark(struct range range, enum frame_state state) {
    for (uint64_t number = range.first; number < range.last; number++) {
        struct frame *frame = frame_number(number);
        if (frame->state != FRAME_RESERVED)
            continue; // shared with the region before
        frame->references = 1;
        frame->level = 1;
        frame_set_state(frame, state);
    }
}

static void frames_free(struct range range) {
    for (uint64_t number = range.first; number < range.last; number++)
        frame_use(frame_number(number), FRAME_FREE, FRAME_INSIDE);
    while (range.first < range.last) {
        unsigned order = (unsigned)__builtin_ctzll(range.first);
        if (order > FRAME_ORDERS - 1)
            order = FRAME_ORDERS - 1;
        while (range.first + (1ull << order) > range.last)
            order--;
        buddy_put(frame_number(range.first), order);
        range.first += 1ull << order;
    }
}

static void region_add(const struct boot_region *region) {
    struct range range = region_frames(region);
    if (region->kind == BOOT_FREE)
        frames_free(range);
    else if (region->kind == BOOT_MODULE)
        frames_mark(range, FRAME_MODULE);
    else if (region->kind == BOOT_KERNEL)
        frames_mark(range, FRAME_KERNEL);
}

// Each allocation for the database cuts the list of regions anew, but RAM stays RAM.
static void database_build(const struct boot_info *boot) {
    for (unsigned i = 0; i < boot->regions; i++) {
        if (boot->region[i].kind == BOOT_RESERVED)
            continue;
        struct range range = region_frames(&boot->region[i]);
        if (range.first < range.last)
            database_map(range.first, range.last);
    }
    for (unsigned i = 0; i < boot->regions; i++)
        if (boot->region[i].kind != BOOT_RESERVED)
            range_add(region_frames(&boot->region[i]));
}

void frames_initialize(const struct boot_info *boot) {
    static_assert(PAGE_SIZE % sizeof(struct frame) == 0);
    database_build(boot);
    for (unsigned i = 0; i < boot->regions; i++)
        region_add(&boot->region[i]);
    if (frame_allocate_zeroed(FRAME_KERNEL, &zero_frame) != OK)
        panic("no memory for the first frame");
    struct frame_counts counts;
    frames_count(&counts);
    log_info("%lu frames, %lu free, %lu of modules, %lu of the kernel", (unsigned long)counts.total,
             (unsigned long)counts.free, (unsigned long)counts.module,
             (unsigned long)counts.kernel);
}
