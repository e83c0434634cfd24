#include "hal/x86_64/carve.h"

#include <abi/types.h>

#include "debug/log.h"
#include "hal/x86_64/regions.h"

static bool lies_in_free_memory(const struct boot_info *info, const struct boot_module *module) {
    const struct boot_region *region = region_find(info, module->start);
    uint64_t size = (module->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return region != nullptr && region->kind == BOOT_FREE &&
           size <= region->start + region->size - module->start;
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
