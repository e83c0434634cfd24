// From the early page tables to kernel_main: output, the boot loader's tags, memory, page tables.
#include "hal/x86_64/start.h"

#include <abi/types.h>

#include "debug/crash.h"
#include "debug/log.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "hal/x86_64/carve.h"
#include "hal/x86_64/image.h"
#include "hal/x86_64/multiboot2.h"
#include "hal/x86_64/paging.h"
#include "hal/x86_64/regions.h"
#include "debug/screen.h"
#include "debug/serial.h"
#include "main.h"

LOG_MODULE(LOG_BOOT);

static constexpr uint32_t LOADER_MAGIC = 0x36d76289;  // Multiboot2 section 3.3
static constexpr size_t TAGS_LIMIT = 1024 * 1024;     // far more than any loader writes
static constexpr size_t RSDP_SIZE = 36;               // ACPI 6.5 section 5.2.5.3

static struct boot_info boot;
static char rsdp[RSDP_SIZE];
static char problem[256];

static void report_problem(void) {
    if (problem[0] != 0)
        log_warning("boot loader: %s", problem);
}

// The tags are not kept, so the copy of the RSDP that stands in them is copied out.
static void keep_rsdp(const char *tags) {
    if (boot.rsdp == 0)
        return;
    memcpy(rsdp, tags + boot.rsdp, sizeof rsdp);
    boot.rsdp = image_to_physical(rsdp);
}

// Before there are page tables of our own the screen can be reached below 4 GiB.
static void start_screen(void) {
    const struct boot_screen *screen = &boot.screen;
    if (screen->address != 0 &&
        screen->address + (uint64_t)screen->pitch * screen->height <= EARLY_LIMIT)
        screen_start(screen, physical_to_virtual(screen->address));
}

static void move_screen(void) {
    const struct boot_screen *screen = &boot.screen;
    if (screen_present())
        screen_move(paging_map_device(screen->address, (size_t)screen->pitch * screen->height));
}

static void read_tags(uint32_t magic, paddr_t address) {
    if (magic != LOADER_MAGIC)
        panic("not started by a Multiboot2 boot loader (0x%x)", magic);
    const char *tags = physical_to_virtual(address);
    if (!multiboot2_parse(tags, TAGS_LIMIT, &boot, problem, sizeof problem))
        panic("%s", problem);
    log_configure(boot.options);
    start_screen();
    log_info("Baton, started by %s, options \"%s\"", boot.loader, boot.options);
    report_problem();
    keep_rsdp(tags);
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

static void log_memory(void) {
    static const char *const kinds[] = {"free", "kernel", "module", "reserved", "tables"};
    uint64_t bytes = 0;
    for (unsigned i = 0; i < boot.regions; i++) {
        const struct boot_region *region = &boot.region[i];
        log_debug("memory 0x%010lx to 0x%010lx %s", region->start, region->start + region->size,
                  kinds[region->kind]);
        bytes += region->kind == BOOT_FREE ? region->size : 0;
    }
    for (unsigned i = 0; i < boot.modules; i++)
        log_debug("module 0x%lx, %lu KiB: %s", boot.module[i].start, boot.module[i].size / 1024,
                  boot.module[i].line);
    log_info("%lu KiB of memory are free, %u modules", bytes / 1024, boot.modules);
}

void boot_start(uint32_t magic, paddr_t tags) {
    serial_start();
    read_tags(magic, tags);
    carve_memory();
    log_memory();
    paging_start(&boot);
    move_screen();
    kernel_main(&boot);
}
