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

uint8_t overcommit_factor = 1;

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

static uint64_t memory_left(void) {
    return kernel_process.account.limit - kernel_process.account.used;
}

// Without one of its boot modules the system cannot be started.
static void require(const char *module, status_t status) {
    if (status != OK)
        panic("boot module %s cannot be started: %s; %lu KiB of memory are left", module,
              status_text(status), memory_left() << 2);
}

// --- the start page ------------------------------------------------------------------------------

struct start {
    struct start_page page;
    struct start_handle handle[WIRING_GRANTS];
};
static_assert(sizeof(struct start) <= PAGE_SIZE);

static void start_add(struct start *start, struct process *process, const char *name,
                      struct object *object, rights_t rights) {
    struct start_handle *entry = &start->handle[start->page.handle_count++];
    memcpy(entry->name, name, sizeof(entry->name));
    entry->type = object->type;
    entry->rights = rights;
    require(process->name, handle_install(process, object, rights, 0, &entry->handle));
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
static struct module *module_named(const char *name, bool data) {
    for (unsigned i = 0; i < BOOT_MODULES; i++)
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
static struct object *granted(const struct wiring_grant *grant) {
    if (grant->kind == WIRING_SERVES || grant->kind == WIRING_USES)
        return &port_named(grant->name)->object;
    if (grant->kind == WIRING_OPENS) {
        struct module *module = module_named(grant->name, true);
        return module != nullptr ? &module->object : nullptr;
    }
    for (unsigned i = 0; i < sizeof(holdings) / sizeof(holdings[0]); i++)
        if (strcmp(holdings[i].name, grant->name) == 0)
            return holdings[i].object;
    return nullptr;
}

static void wire(struct start *start, struct process *process, const struct wiring *w) {
    for (unsigned i = 0; i < w->grants; i++) {
        const struct wiring_grant *grant = &w->grant[i];
        struct object *object = granted(grant);
        if (object != nullptr)
            start_add(start, process, grant->name, object, rights_of[grant->kind]);
        else
            log_warning("%s: there is no \"%s\" to %s", w->name, grant->name,
                        grant->kind == WIRING_OPENS ? "open" : "hold");
    }
}

// Its program, its stack and its start page; returns where the program begins.
static uaddr_t program_place(struct process *process, const struct boot_module *module,
                             struct start *start) {
    const char *name = process->name;
    uint64_t image_size;
    uaddr_t entry;
    require(name, elf_place(process, physical_to_virtual(module->start), module->size, &entry,
                            &image_size));
    require(name, process_pages(process, LAYOUT_STACK_TOP - LAYOUT_STACK_SIZE, STACK_PAGES,
                                PARCEL_WRITABLE, MEMORY_ZERO));
    require(name, process_pages(process, LAYOUT_START_PAGE, 1, PARCEL_WRITABLE, MEMORY_PAGES));
    start_fill(start, process, image_size);
    process_write(process, LAYOUT_START_PAGE, start, sizeof(*start));
    return entry;
}

static struct process *program_start(const struct boot_module *module, const struct wiring *w) {
    static struct start start;
    uint64_t limit = w->limit_frames != 0 ? w->limit_frames : LIMIT_DEFAULT;
    struct process *process;
    struct thread *thread;
    require(w->name, process_create(&kernel_process, limit, w->name, &process));
    process->space.resident = true;
    if (w->rest) {
        rest_taker = process;
        overcommit_factor = w->overcommit;
    }
    process->module = module;
    memset(&start, 0, sizeof(start));
    wire(&start, process, w);
    uaddr_t entry = program_place(process, module, &start);
    require(w->name, thread_create(process, entry, LAYOUT_STACK_TOP, LAYOUT_START_PAGE, &thread));
    require(w->name, thread_start(thread));
    object_release(&thread->object);
    return process;
}

static void wirings_read(const struct boot_info *boot) {
    char problem[80];
    for (unsigned i = 0; i < boot->modules; i++) {
        modules[i] = (struct module){{.references = 1, .type = OBJECT_MODULE}, &boot->module[i]};
        if (!wiring_parse(boot->module[i].line, &wirings[i], problem, sizeof(problem)))
            panic("module line \"%s\": %s", boot->module[i].line, problem);
    }
}

static void required_check(void) {
    static const char *const required[] = {"memory", "ramdisk", "ext2", "loader"};
    char missing[80] = "";
    size_t length = 0;
    for (unsigned i = 0; i < 4; i++)
        if (module_named(required[i], false) == nullptr)
            length += text_format(missing + length, sizeof(missing) - length, " %s", required[i]);
    if (length != 0)
        panic("required boot modules are missing:%s", missing);
}

void modules_start(const struct boot_info *boot) {
    struct account *kernel = &kernel_process.account;
    uint64_t limit = kernel->limit;
    wirings_read(boot);
    required_check();
    for (unsigned i = 0; i < boot->modules; i++) {
        if (wirings[i].data)
            continue;
        struct process *process = program_start(&boot->module[i], &wirings[i]);
        log_info("%s started as process %u", process->name, process->number);
    }
    // Overcommitted, it is more than there is: then what the programs at boot may use is kept.
    uint64_t free = memory_left(), rest = free - RESERVE_FRAMES, more = rest * overcommit_factor;
    limit -= kernel->limit; // what the programs have of it
    if (rest_taker == nullptr)
        panic("no boot module has limit=rest");
    __c11_atomic_fetch_add(&kernel->limit, more - rest, __ATOMIC_RELAXED);
    if (free <= RESERVE_FRAMES || account_transfer(kernel, &rest_taker->account, more) != OK)
        panic("no memory is left for programs");
    if (overcommit_factor > 1)
        frames_keep(limit + RESERVE_FRAMES);
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
