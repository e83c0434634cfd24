#include "hart/module.h"

#include <abi/layout.h>
#include <abi/start_page.h>

#include "debug/log.h"
#include "hal/string.h"
#include "hart/elf_start.h"
#include "hart/wiring.h"
#include "main.h"
#include "interrupt/io_range.h"
#include "interrupt/line.h"

LOG_MODULE(LOG_BOOT);

static constexpr unsigned PORT_LIMIT = 32;
static constexpr uint64_t RESERVE_FRAMES = 64;     // for the kernel's own objects
static constexpr uint64_t LIMIT_DEFAULT = 256;     // frames, where a line names none
static constexpr uint64_t STACK_PAGES = LAYOUT_STACK_SIZE / PAGE_SIZE;

static struct wiring wirings[BOOT_MODULES];
static struct module modules[BOOT_MODULES];
static struct port *ports[PORT_LIMIT];
static unsigned ports_named;
static struct process *rest_taker;

static struct object system_object = {.references = 1, .type = OBJECT_SYSTEM};
static struct module all_modules = {.object = {.references = 1, .type = OBJECT_MODULE}};
static struct io_range all_io = {{.references = 1, .type = OBJECT_IO}, 0, 0x10000};
static struct line all_lines = {.object = {.references = 1, .type = OBJECT_IRQ}};

// The rights that "holds=" can name.
static struct {
    char name[WIRING_NAME];
    struct object *object;
} const holdings[] = {
    {"system", &system_object},
    {"modules", &all_modules.object},
    {"io", &all_io.object},
    {"irq", &all_lines.object},
};

// --- the start page ------------------------------------------------------------------------------

struct start {
    struct start_page page;
    struct start_handle handle[WIRING_GRANTS];
};
static_assert(sizeof(struct start) <= PAGE_SIZE);

static status_t start_add(struct start *start, struct process *process, const char *name,
                          struct object *object, rights_t rights) {
    struct start_handle *entry = &start->handle[start->page.handle_count];
    memcpy(entry->name, name, sizeof(entry->name));
    entry->type = object->type;
    entry->rights = rights;
    status_t status = handle_install(process, object, rights, 0, &entry->handle);
    if (status == OK)
        start->page.handle_count++;
    return status;
}

static void start_fill(struct start *start, const struct process *process, uint64_t image_size) {
    struct start_page *page = &start->page;
    *page = (struct start_page){
        .magic = START_MAGIC,
        .abi = ABI_NUMBER,
        .size = sizeof(*start),
        .arguments = sizeof(*start),
        .environment = sizeof(*start),
        .handles = offsetof(struct start, handle),
        .handle_count = page->handle_count,
        .process = process->number,
        .ticks_per_second = hal_ticks_per_second(),
        .boot_ticks = boot_ticks,
        .image = LAYOUT_SERVER_IMAGE,
        .image_size = image_size,
        .stack_top = LAYOUT_STACK_TOP,
        .stack_size = LAYOUT_STACK_SIZE,
    };
}

// --- ports by name -------------------------------------------------------------------------------

static struct port *port_named(const char *name) {
    for (unsigned i = 0; i < ports_named; i++)
        if (strcmp(ports[i]->name, name) == 0)
            return ports[i];
    struct port *port;
    if (ports_named == PORT_LIMIT || port_create(&kernel_process, 0, &port) != OK)
        panic("no room for the port %s", name);
    memcpy(port->name, name, sizeof(port->name));
    port->boot = true;
    ports[ports_named++] = port;
    return port;
}

// --- starting ------------------------------------------------------------------------------------

// The module of that name, or nullptr. `data`: not a program.
static struct module *module_named(const struct boot_info *boot, const char *name, bool data) {
    for (unsigned i = 0; i < boot->modules; i++)
        if (wirings[i].data == data && strcmp(wirings[i].name, name) == 0)
            return &modules[i];
    return nullptr;
}

static const rights_t rights_of[WIRING_KINDS] = {
    [WIRING_SERVES] = RIGHT_RECEIVE | RIGHT_TRANSFER,
    [WIRING_USES] = RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER,
    [WIRING_OPENS] = RIGHT_OPEN | RIGHT_DUPLICATE | RIGHT_TRANSFER,
    [WIRING_HOLDS] = RIGHTS_ALL,
};

// What a line grants, or nullptr: there is nothing of that name.
static struct object *granted(const struct boot_info *boot, const struct wiring_grant *grant) {
    if (grant->kind == WIRING_SERVES || grant->kind == WIRING_USES)
        return &port_named(grant->name)->object;
    if (grant->kind == WIRING_OPENS) {
        struct module *module = module_named(boot, grant->name, true);
        return module != nullptr ? &module->object : nullptr;
    }
    for (unsigned i = 0; i < sizeof(holdings) / sizeof(holdings[0]); i++)
        if (strcmp(holdings[i].name, grant->name) == 0)
            return holdings[i].object;
    return nullptr;
}

static status_t wire(struct start *start, struct process *process, const struct wiring *w,
                     const struct boot_info *boot) {
    status_t status = OK;
    for (unsigned i = 0; i < w->grants && status == OK; i++) {
        const struct wiring_grant *grant = &w->grant[i];
        struct object *object = granted(boot, grant);
        if (object == nullptr)
            log_warning("%s: there is no \"%s\" to %s", w->name, grant->name,
                        grant->kind == WIRING_OPENS ? "open" : "hold");
        else
            status = start_add(start, process, grant->name, object, rights_of[grant->kind]);
    }
    return status;
}

static status_t program_place(struct process *process, const struct boot_module *module,
                              struct start *start, uaddr_t *entry) {
    uint64_t image_size;
    status_t status = elf_place(process, physical_to_virtual(module->start), module->size, entry,
                                &image_size);
    if (status == OK)
        status = process_pages(process, LAYOUT_STACK_TOP - LAYOUT_STACK_SIZE, STACK_PAGES,
                               PARCEL_WRITABLE, MEMORY_ZERO);
    if (status == OK)
        status = process_pages(process, LAYOUT_START_PAGE, 1, PARCEL_WRITABLE, MEMORY_PAGES);
    if (status != OK)
        return status;
    start_fill(start, process, image_size);
    process_write(process, LAYOUT_START_PAGE, start, sizeof(*start));
    return OK;
}

static status_t program_run(struct process *process, const struct wiring *w,
                            const struct boot_info *boot) {
    static struct start start;
    uaddr_t entry;
    struct thread *thread;
    memset(&start, 0, sizeof(start));
    status_t status = wire(&start, process, w, boot);
    if (status == OK)
        status = program_place(process, process->module, &start, &entry);
    if (status == OK)
        status = thread_create(process, entry, LAYOUT_STACK_TOP, LAYOUT_START_PAGE, &thread);
    if (status != OK)
        return status;
    status = thread_start(thread);
    object_release(&thread->object);
    return status;
}

static status_t program_start(const struct boot_info *boot, unsigned i, struct process **process) {
    const struct wiring *w = &wirings[i];
    uint64_t limit = w->limit_frames != 0 ? w->limit_frames : LIMIT_DEFAULT;
    status_t status = process_create(&kernel_process, limit, w->name, process);
    if (status != OK)
        return status;
    if (w->rest)
        rest_taker = *process;
    (*process)->module = &boot->module[i];
    status = program_run(*process, w, boot);
    if (status != OK) {
        (*process)->module = nullptr; // it has not begun, so nobody is told of its end
        process_end(*process, END_KILLED, 0, 0, 0);
    }
    return status;
}

static void wirings_read(const struct boot_info *boot) {
    char problem[80];
    for (unsigned i = 0; i < boot->modules; i++) {
        modules[i] = (struct module){{.references = 1, .type = OBJECT_MODULE}, &boot->module[i]};
        if (!wiring_parse(boot->module[i].line, &wirings[i], problem, sizeof(problem)))
            panic("module line \"%s\": %s", boot->module[i].line, problem);
    }
}

static void required_check(const struct boot_info *boot) {
    static const char *const required[] = {"memory", "ramdisk", "ext2", "loader"};
    char missing[80] = "";
    size_t length = 0;
    for (unsigned i = 0; i < 4; i++)
        if (module_named(boot, required[i], false) == nullptr)
            length += text_format(missing + length, sizeof(missing) - length, " %s", required[i]);
    if (length != 0)
        panic("required boot modules are missing:%s", missing);
}

static uint64_t memory_left(void) {
    return kernel_process.account.limit - kernel_process.account.used;
}

void modules_start(const struct boot_info *boot) {
    wirings_read(boot);
    required_check(boot);
    for (unsigned i = 0; i < boot->modules; i++) {
        struct process *process;
        if (wirings[i].data)
            continue;
        status_t status = program_start(boot, i, &process);
        if (status != OK)
            panic("boot module %s cannot be started: %s; %lu KiB of memory are left",
                  wirings[i].name, status_text(status), memory_left() << 2);
        log_info("%s started as process %u", process->name, process->number);
    }
    struct account *kernel = &kernel_process.account;
    uint64_t free = memory_left();
    if (rest_taker == nullptr)
        panic("no boot module has limit=rest");
    if (free <= RESERVE_FRAMES ||
        account_transfer(kernel, &rest_taker->account, free - RESERVE_FRAMES) != OK)
        panic("no memory is left for programs");
}

void module_program_ended(const struct process *process) {
    static const char *const essential[] = {"memory", "loader"};
    log_error("boot module %s (%u) has ended, status %u", process->name, process->number,
              process->status);
    for (unsigned i = 0; i < sizeof(essential) / sizeof(essential[0]); i++)
        if (strcmp(process->name, essential[i]) == 0)
            panic("no program can be started without %s", process->name);
}

// --- opening -------------------------------------------------------------------------------------

status_t module_open(const struct module *module, uint64_t first_page, struct process *process,
                     parcel_t slots) {
    static struct spinlock lock; // of two that open the same pages one comes too late
    uint64_t pages = parcel_count(slots);
    if (module->boot == nullptr || parcel_level(slots) != 1)
        return ERR_BAD_ARGUMENT;
    uint64_t size = (module->boot->size + PAGE_SIZE - 1) >> PAGE_BITS;
    if (first_page > size || pages > size - first_page)
        return ERR_EMPTY;
    struct frame *first = frame_of(module->boot->start + first_page * PAGE_SIZE);
    status_t status = OK;
    spinlock_acquire(&lock);
    for (uint64_t i = 0; i < pages; i++)
        if (first[i].state != FRAME_MODULE)
            status = ERR_EMPTY;
    if (status == OK) {
        __c11_atomic_fetch_add(&process->account.limit, pages, __ATOMIC_RELAXED);
        status = space_link_pages(&process->space, first, slots);
        if (status != OK)
            __c11_atomic_fetch_sub(&process->account.limit, pages, __ATOMIC_RELAXED);
    }
    spinlock_release(&lock);
    return status;
}
