#include "hal/x86_64/regions.h"

#include <abi/types.h>

#include "debug/log.h"
#include "hal/string.h"
#include "hal/x86_64/layout.h"

// Places in the list that the firmware's map cannot use up: each module may need two.
static constexpr unsigned SPARE = 2 * BOOT_MODULES;

static constexpr uint64_t LARGE_PAGE = 2 << 20;

static paddr_t lower(paddr_t a, paddr_t b) { return a < b ? a : b; }
static paddr_t higher(paddr_t a, paddr_t b) { return a > b ? a : b; }

static paddr_t region_end(const struct boot_region *region) { return region->start + region->size; }

// Adds [start, end) behind the last region; joins the two if they touch and are of one kind.
static bool append(struct boot_info *info, paddr_t start, paddr_t end, enum boot_region_kind kind,
                   unsigned limit) {
    if (start >= end)
        return true;
    struct boot_region *last = info->regions > 0 ? &info->region[info->regions - 1] : nullptr;
    if (last != nullptr && last->kind == kind && region_end(last) == start) {
        last->size += end - start;
        return true;
    }
    if (info->regions >= limit)
        return false;
    info->region[info->regions++] = (struct boot_region){start, end - start, kind};
    return true;
}

// Writes the list anew: what lies below, the new coat, what lies above. The coat stays out of free
// memory even where the list has no place for it.
static bool paint_range(struct boot_info *info, paddr_t start, paddr_t end,
                        enum boot_region_kind kind) {
    static struct boot_region old[BOOT_REGIONS];
    bool ours = kind == BOOT_KERNEL || kind == BOOT_MODULE, complete = true;
    unsigned count = info->regions, limit = ours ? BOOT_REGIONS : BOOT_REGIONS - SPARE;
    memcpy(old, info->region, count * sizeof *old);
    info->regions = 0;
    for (unsigned i = 0; i < count; i++)
        complete &= append(info, old[i].start, lower(region_end(&old[i]), start), old[i].kind,
                           limit);
    complete &= append(info, start, end, kind, limit);
    for (unsigned i = 0; i < count; i++)
        complete &= append(info, higher(old[i].start, end), region_end(&old[i]), old[i].kind,
                           limit);
    return complete;
}

bool region_paint(struct boot_info *info, paddr_t start, uint64_t size,
                  enum boot_region_kind kind) {
    static constexpr uint64_t OFFSET = PAGE_SIZE - 1;
    if (start >= REGIONS_LIMIT)
        return true;
    paddr_t end = start + lower(size, REGIONS_LIMIT - start);
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
        paddr_t end = lower(region_end(region), limit);
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

static bool lies_in_free_memory(const struct boot_info *info, const struct boot_module *module) {
    const struct boot_region *region = region_find(info, module->start);
    uint64_t size = (module->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return region != nullptr && region->kind == BOOT_FREE &&
           size <= region_end(region) - module->start;
}

void boot_carve(struct boot_info *info, paddr_t image, uint64_t image_size, char *problem,
                size_t problem_size) {
    problem[0] = 0;
    if (!region_paint(info, image, image_size, BOOT_KERNEL) ||
        !region_paint(info, TRAMPOLINE_ADDRESS, PAGE_SIZE, BOOT_KERNEL))
        text_format(problem, problem_size, "too many memory regions");

    unsigned kept = 0;
    for (unsigned i = 0; i < info->modules; i++) {
        const struct boot_module *module = &info->module[i];
        if (lies_in_free_memory(info, module) &&
            region_paint(info, module->start, module->size, BOOT_MODULE))
            info->module[kept++] = *module;
        else
            text_format(problem, problem_size,
                        "module \"%.20s\" at 0x%lx, %lu bytes, is not in free memory; left out",
                        module->line, module->start, module->size);
    }
    info->modules = kept;
}
