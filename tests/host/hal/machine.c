#include "machine.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "debug/crash.h"
#include "debug/log.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "memory/entry.h"
#include "memory/space.h"
#include "memory/tlb.h"

char *machine_memory;
struct frame *machine_frames;
thread_local struct hart *machine_hart;
void (*machine_page_flushed)(unsigned hart, uint64_t address);
void (*machine_space_loaded)(unsigned hart);
bool machine_harts_are_threads;
bool machine_tags;
uint64_t machine_size;
unsigned machine_largest_page = 3;

struct hart *harts[HART_LIMIT];
unsigned hart_count;
static struct hart hart_blocks[HART_LIMIT];

static struct boot_info boot;
static paddr_t kernel_root;

// --- memory --------------------------------------------------------------------------------------

// Zeros, not touched until used.
static void *map(uint64_t size) {
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

paddr_t boot_allocate(uint64_t size) {
    struct boot_region *last = &boot.region[boot.regions - 2];
    struct boot_region *taken = &boot.region[boot.regions - 1];
    size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    last->size -= size;
    taken->start -= size;
    taken->size += size;
    return taken->start;
}

// The database lies beside physical memory here; what it would take is taken all the same.
void paging_map(uint64_t virtual, paddr_t physical, uint64_t size, entry_t flags) {
    (void)virtual;
    (void)physical;
    (void)size;
    (void)flags;
}

paddr_t paging_kernel_root(void) { return kernel_root; }

void page_zero(void *page) { memset(page, 0, PAGE_SIZE); }

void page_copy(void *restrict to, const void *restrict from) { memcpy(to, from, PAGE_SIZE); }

// --- harts ---------------------------------------------------------------------------------------

void hal_pause(void) {
    if (machine_harts_are_threads) {
        sched_yield();
        return;
    }
    struct hart *self = machine_hart;
    for (unsigned i = 0; i < hart_count; i++) {
        machine_hart = harts[i];
        hart_poll();
    }
    machine_hart = self;
}

unsigned hal_largest_page_level(void) { return machine_largest_page; }

void hal_page_flush(uint64_t address) {
    if (machine_page_flushed != nullptr)
        machine_page_flushed(machine_hart->index, address);
}

void hal_space_flush(void) {
    if (machine_space_loaded != nullptr)
        machine_space_loaded(machine_hart->index);
}

void hal_space_load_tagged(paddr_t root, unsigned tag, bool keep) {
    machine_hart->arch.root = root;
    machine_hart->arch.tag = tag;
    if (!keep)
        hal_space_flush();
}

void hal_space_load(paddr_t root) { hal_space_load_tagged(root, 0, false); }

void hal_space_switch(paddr_t root) {
    if (machine_tags)
        tlb_switch();
    else
        hal_space_load(root);
}

void hal_hart_interrupt(struct hart *hart, uint8_t vector) {
    (void)hart;
    (void)vector;
}

void machine_switch(unsigned hart) { machine_hart = harts[hart]; }

void machine_enter(struct space *space) {
    struct hart *hart = machine_hart;
    if (space != nullptr) {
        tlb_enter(hart, space);
    } else if (__c11_atomic_load(&hart->space, __ATOMIC_RELAXED) != nullptr) {
        hal_space_load(kernel_root);
        __c11_atomic_store(&hart->space, nullptr, __ATOMIC_RELEASE);
    }
}

// --- crash and log -------------------------------------------------------------------------------

void crash(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}

void log_line(enum log_module module, enum log_level level, const char *format, ...) {
    (void)module;
    (void)level;
    (void)format;
}

size_t text_format(char *buffer, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return (size_t)length;
}

// --- start ---------------------------------------------------------------------------------------

static void region_add(paddr_t start, paddr_t end, enum boot_region_kind kind) {
    boot.region[boot.regions++] = (struct boot_region){start, end - start, kind};
}

static void memory_map(uint64_t size) {
    boot = (struct boot_info){};
    region_add(0, 0x9f800, BOOT_FREE); // not whole frames
    region_add(0x9f800, 0x100000, BOOT_RESERVED);
    region_add(0x100000, 0x180000, BOOT_KERNEL);
    region_add(0x180000, 0x200000, BOOT_FREE);
    region_add(0x280000, MACHINE_MODULE, BOOT_FREE); // behind a hole
    region_add(MACHINE_MODULE, MACHINE_MODULE + MACHINE_MODULE_FRAMES * PAGE_SIZE, BOOT_MODULE);
    region_add(MACHINE_MODULE + MACHINE_MODULE_FRAMES * PAGE_SIZE, size, BOOT_FREE);
    region_add(size, size, BOOT_KERNEL); // grows downwards with boot_allocate
}

void machine_start(unsigned megabytes, unsigned hart_number) {
    uint64_t size = (uint64_t)megabytes << 20;
    machine_size = size;
    machine_memory = map(size);
    machine_frames = map(size / PAGE_SIZE * sizeof(struct frame));
    memory_map(size);
    hart_count = hart_number;
    for (unsigned i = 0; i < hart_number; i++) {
        harts[i] = &hart_blocks[i];
        *harts[i] = (struct hart){.self = harts[i], .index = i, .online = true};
    }
    machine_switch(0);
    kernel_root = boot_allocate(PAGE_SIZE);
    frames_initialize(&boot);
}

uint64_t machine_free(void) {
    while (tables_free_one())
        ;
    struct frame_counts counts;
    frames_count(&counts);
    return counts.free + counts.zeroed;
}
