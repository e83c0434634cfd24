// From the early page tables to kernel_main: output, the boot loader's tags, memory, page tables.
#include "hal/x86_64/start.h"

#include "debug/crash.h"
#include "debug/log.h"
#include "debug/memory_report.h"
#include "debug/screen.h"
#include "debug/serial.h"
#include "hal/string.h"
#include "hal/x86_64/image.h"
#include "hal/x86_64/multiboot2.h"
#include "hal/x86_64/paging.h"
#include "hal/x86_64/regions.h"
#include "main.h"

LOG_MODULE(LOG_BOOT);

static constexpr size_t TAGS_LIMIT = 1024 * 1024; // far more than any loader writes

static struct boot_info boot;
static char problem[256];

static void report_problem(void) {
    if (problem[0] != 0)
        log_warning("boot loader: %s", problem);
}

static void read_tags(paddr_t address) {
    const char *tags = physical_to_virtual(address);
    if (!multiboot2_parse(tags, TAGS_LIMIT, &boot, problem, sizeof problem))
        panic("%s", problem);
    log_configure(boot.options);
    if (boot.screen != 0)
        screen_start(tags + boot.screen, EARLY_LIMIT);
    log_info("Baton, started by %s, options \"%s\"", boot.loader, boot.options);
    report_problem();
}

// What follows a module in its last page is somebody else's, and would be seen by who opens it.
static void clear_tail(const struct boot_module *module) {
    size_t used = module->size % PAGE_SIZE;
    if (used != 0)
        memset((char *)physical_to_virtual(module->start) + module->size, 0, PAGE_SIZE - used);
}

static void carve_memory(void) {
    paddr_t image = image_to_physical(image_text);
    boot_carve(&boot, image, image_to_physical(image_end) - image, problem, sizeof problem);
    report_problem();
    for (unsigned i = 0; i < boot.modules; i++)
        clear_tail(&boot.module[i]);
}

void boot_start(paddr_t tags) {
    serial_start();
    read_tags(tags);
    carve_memory();
    memory_map_report(&boot);
    paging_start(&boot);
    screen_move();
    kernel_main(&boot);
}
