#include "debug/memory_report.h"

#include "debug/log.h"
#include "memory/frame.h"

LOG_MODULE(LOG_BOOT);

void memory_map_report(const struct boot_info *boot) {
    static const char *const kinds[] = {"free", "kernel", "module", "reserved", "tables"};
    uint64_t bytes = 0;
    for (unsigned i = 0; i < boot->regions; i++) {
        const struct boot_region *region = &boot->region[i];
        log_debug("memory 0x%010lx to 0x%010lx %s", region->start, region->start + region->size,
                  kinds[region->kind]);
        bytes += region->kind == BOOT_FREE ? region->size : 0;
    }
    for (unsigned i = 0; i < boot->modules; i++)
        log_debug("module 0x%lx, %lu KiB: %s", boot->module[i].start, boot->module[i].size / 1024,
                  boot->module[i].line);
    log_info("%lu KiB of memory are free, %u modules", bytes / 1024, boot->modules);
}

void memory_report(void) {
    struct frame_counts counts;
    frames_count(&counts);
    log_info("memory: %lu MiB, %lu KiB free", counts.total >> 8,
             (counts.free + counts.zeroed) << 2);
}
