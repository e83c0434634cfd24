#include "hal/x86_64/regions.h"

#include <abi/types.h>

// Places in the list that the firmware's map cannot use up: each module may need two.
static constexpr unsigned SPARE = 2 * BOOT_MODULES;

static constexpr uint64_t LARGE_PAGE = 2 << 20;

static paddr_t region_end(const struct boot_region *region) { return region->start + region->size; }

static void remove_at(struct boot_info *info, unsigned index) {
    info->regions--;
    for (unsigned i = index; i < info->regions; i++)
        info->region[i] = info->region[i + 1];
}

static bool insert_at(struct boot_info *info, unsigned index, struct boot_region region) {
    bool ours = region.kind == BOOT_KERNEL || region.kind == BOOT_MODULE;
    if (info->regions >= (ours ? BOOT_REGIONS : BOOT_REGIONS - SPARE))
        return false;
    for (unsigned i = info->regions; i > index; i--)
        info->region[i] = info->region[i - 1];
    info->region[index] = region;
    info->regions++;
    return true;
}

// Takes [start, end) out of the region at `index`, which overlaps it. Returns how many pieces are
// left of it: 0, 1 or 2. The upper of two is lost if the list is full.
static unsigned cut(struct boot_info *info, unsigned index, paddr_t start, paddr_t end,
                    bool *complete) {
    struct boot_region *region = &info->region[index];
    struct boot_region upper = {end, region_end(region) - end, region->kind};
    bool keeps_upper = region_end(region) > end;
    if (region->start >= start) {
        if (keeps_upper)
            *region = upper;
        else
            remove_at(info, index);
        return keeps_upper;
    }
    region->size = start - region->start;
    if (!keeps_upper)
        return 1;
    bool inserted = insert_at(info, index + 1, upper);
    *complete = *complete && inserted;
    return inserted ? 2 : 1;
}

// Joins the region at `index` with the next one if they touch and are of one kind.
static void join(struct boot_info *info, unsigned index) {
    if (index + 1 >= info->regions)
        return;
    struct boot_region *region = &info->region[index];
    if (region->kind != region[1].kind || region_end(region) != region[1].start)
        return;
    region->size += region[1].size;
    remove_at(info, index + 1);
}

static bool paint_range(struct boot_info *info, paddr_t start, paddr_t end,
                        enum boot_region_kind kind) {
    bool complete = true;
    unsigned index = 0;
    while (index < info->regions && region_end(&info->region[index]) <= start)
        index++;
    while (index < info->regions && info->region[index].start < end) {
        bool begins_before = info->region[index].start < start;
        unsigned pieces = cut(info, index, start, end, &complete);
        if (begins_before)
            index++;
        if (pieces > begins_before)
            break; // the rest of it begins at `end`
    }
    if (index > 0 && info->region[index - 1].kind == kind &&
        region_end(&info->region[index - 1]) == start)
        info->region[--index].size += end - start;
    else if (!insert_at(info, index, (struct boot_region){start, end - start, kind}))
        return false;
    join(info, index);
    return complete;
}

bool region_paint(struct boot_info *info, paddr_t start, uint64_t size,
                  enum boot_region_kind kind) {
    static constexpr uint64_t OFFSET = PAGE_SIZE - 1;
    if (start >= REGIONS_LIMIT)
        return true;
    paddr_t end = size > REGIONS_LIMIT - start ? REGIONS_LIMIT : start + size;
    if (kind == BOOT_FREE) {
        start = (start + OFFSET) & ~OFFSET;
        end &= ~OFFSET;
    } else if (size > 0) {
        start &= ~OFFSET;
        end = (end + OFFSET) & ~OFFSET;
    }
    return start >= end || paint_range(info, start, end, kind);
}

paddr_t region_take(struct boot_info *info, uint64_t size, paddr_t limit) {
    uint64_t alignment = size < LARGE_PAGE ? PAGE_SIZE : LARGE_PAGE;
    for (unsigned i = info->regions; i > 0; i--) {
        const struct boot_region *region = &info->region[i - 1];
        paddr_t end = region_end(region) < limit ? region_end(region) : limit;
        if (region->kind != BOOT_FREE || end < region->start || end - region->start < size)
            continue;
        paddr_t start = (end - size) & ~(alignment - 1);
        if (start >= region->start)
            return paint_range(info, start, start + size, BOOT_KERNEL) ? start : 0;
    }
    return 0;
}

const struct boot_region *region_find(const struct boot_info *info, paddr_t address) {
    for (unsigned i = 0; i < info->regions; i++) {
        const struct boot_region *region = &info->region[i];
        if (address >= region->start && address - region->start < region->size)
            return region;
    }
    return nullptr;
}
