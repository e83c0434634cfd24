// Boot loader's tags of any content: no crash, and regions that hold their invariants.
// sources: kernel/hal/x86_64/multiboot2.c kernel/hal/x86_64/regions.c
// sources: kernel/debug/format.c kernel/debug/screen_tag.c
#include <debug/screen.h>
#include <hal/x86_64/multiboot2.h>
#include <hal/x86_64/regions.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct boot_info *info) {
    for (unsigned i = 0; i < info->regions; i++) {
        const struct boot_region *region = &info->region[i];
        if (region->size == 0 || (region->start | region->size) % 4096 != 0 ||
            region->start + region->size > REGIONS_LIMIT)
            abort();
        if (i > 0 && region[-1].start + region[-1].size > region->start)
            abort();
    }
    if (info->modules > BOOT_MODULES || strnlen(info->options, BOOT_LINE) == BOOT_LINE)
        abort();
    for (unsigned i = 0; i < info->modules; i++)
        if (strnlen(info->module[i].line, BOOT_LINE) == BOOT_LINE)
            abort();
}

// The head's size field is made right, or nearly every input would end there.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct boot_info info;
    char problem[256];
    if (size < 8)
        return 0;
    void *tags = malloc(size);
    memcpy(tags, data, size);
    memcpy(tags, &(uint32_t){(uint32_t)size}, 4);
    bool good = multiboot2_parse(tags, size, &info, problem, sizeof problem);
    struct screen screen;
    if (info.screen != 0 && screen_take((char *)tags + info.screen, &screen) &&
        (screen.width == 0 || screen.pitch < screen.width))
        abort();
    free(tags);
    check(&info);
    if (!good)
        return 0;
    boot_carve(&info, 1 << 20, 0x40000, problem, sizeof problem);
    for (unsigned i = 0; i < 8; i++)
        region_take(&info, (i + 1) * 0x1000, REGIONS_LIMIT);
    check(&info);
    return 0;
}
