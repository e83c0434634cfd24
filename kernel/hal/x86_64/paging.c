// The kernel's page tables. Built once on the boot hart; nothing is ever unmapped or changed, so
// other harts need no flush. Not locked: see hal/paging.h.
#include "hal/x86_64/paging.h"

#include "debug/crash.h"
#include "hal/string.h"
#include "hal/x86_64/image.h"
#include "hal/x86_64/regions.h"
#include "memory/frame.h"

static constexpr entry_t LEAF = ENTRY_PRESENT | ENTRY_GLOBAL | ENTRY_ACCESSED | ENTRY_DIRTY;
static constexpr entry_t TABLE = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED;
static constexpr entry_t CONSTANTS = ENTRY_NO_EXECUTE;
static constexpr entry_t DATA = ENTRY_NO_EXECUTE | ENTRY_WRITE;
static constexpr entry_t DEVICE = DATA | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH;

static struct boot_info *memory;
static paddr_t reach = EARLY_LIMIT; // physical memory that is mapped so far ends here
static paddr_t root;
static unsigned largest_level = 2;
static uint64_t device_next = LAYOUT_DEVICES;

// The regions' free memory belongs to the frames as soon as there are any.
static bool frames_exist(void) {
    return zero_frame != nullptr;
}

paddr_t boot_allocate(uint64_t size) {
    struct frame *frame;
    size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (frames_exist()) {
        assert(size == PAGE_SIZE);
        if (frame_allocate_zeroed(FRAME_KERNEL, &frame) != OK)
            panic("no memory is left for the kernel's page tables");
        return frame_address(frame);
    }
    paddr_t start = region_take(memory, size, reach);
    if (start == 0)
        panic("the machine has too little memory: no %lu KiB in one piece are left", size / 1024);
    for (uint64_t offset = 0; offset < size; offset += PAGE_SIZE)
        page_zero(physical_to_virtual(start + offset));
    return start;
}

paddr_t paging_kernel_root(void) {
    return root;
}

static unsigned table_index(uint64_t virtual, unsigned level) {
    return virtual >> (PAGE_BITS + (level - 1) * ENTRY_BITS) & (TABLE_ENTRIES - 1);
}

// The entry for an address at a level; makes the tables on the way.
static entry_t *entry_at(uint64_t virtual, unsigned level) {
    entry_t *table = physical_to_virtual(root);
    for (unsigned at = LEVELS; at > level; at--) {
        entry_t *entry = &table[table_index(virtual, at)];
        // Roots of address spaces are copies of this one by then.
        if (*entry == 0 && at == LEVELS && frames_exist())
            panic("0x%lx is outside the areas that the kernel may map", virtual);
        if (*entry == 0)
            *entry = boot_allocate(PAGE_SIZE) | TABLE;
        assert((*entry & ENTRY_LARGE) == 0);
        table = physical_to_virtual(*entry & ENTRY_ADDRESS);
    }
    return &table[table_index(virtual, level)];
}

static unsigned level_for(uint64_t addresses, uint64_t size) {
    unsigned level = largest_level;
    while (level > 1 && (addresses % level_size(level) != 0 || size < level_size(level)))
        level--;
    return level;
}

void paging_map(uint64_t virtual, paddr_t physical, uint64_t size, entry_t flags) {
    assert((virtual | physical | size) % PAGE_SIZE == 0);
    while (size > 0) {
        unsigned level = level_for(virtual | physical, size);
        entry_t *entry = entry_at(virtual, level);
        if (*entry != 0)
            panic("0x%lx is mapped already", virtual);
        *entry = physical | flags | LEAF | (level > 1 ? ENTRY_LARGE : 0);
        virtual += level_size(level);
        physical += level_size(level);
        size -= level_size(level);
    }
}

bool paging_map_stack(uint64_t bottom, uint64_t size) {
    for (uint64_t page = bottom; page < bottom + size; page += PAGE_SIZE) {
        struct frame *frame;
        if (frame_allocate(0, FRAME_KERNEL, &frame) != OK)
            return false;
        paging_map(page, frame_address(frame), PAGE_SIZE, DATA);
    }
    return true;
}

void *paging_map_device(paddr_t physical, size_t size) {
    paddr_t start = physical & ~(PAGE_SIZE - 1);
    paddr_t end = (physical + size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (end - start >= level_size(2)) // so that large pages fit
        device_next += (start - device_next) % level_size(2);
    uint64_t virtual = device_next;
    device_next += end - start + PAGE_SIZE; // a page between two devices stays unmapped
    paging_map(virtual, start, end - start, DEVICE);
    return (void *)(virtual + (physical - start));
}

bool paging_is_mapped(uint64_t virtual) {
    const entry_t *table = physical_to_virtual(root);
    if (root == 0 || virtual < LAYOUT_DIRECT_MAP)
        return false;
    for (unsigned level = LEVELS;; level--) {
        entry_t entry = table[table_index(virtual, level)];
        if ((entry & ENTRY_PRESENT) == 0 || level == 1 || (entry & ENTRY_LARGE) != 0)
            return (entry & ENTRY_PRESENT) != 0;
        table = physical_to_virtual(entry & ENTRY_ADDRESS);
    }
}

const void *paging_map_tables(paddr_t physical, size_t size) {
    char *address = physical_to_virtual(physical);
    paddr_t end = physical + size;
    for (paddr_t page = physical & ~(PAGE_SIZE - 1); page < end; page += PAGE_SIZE)
        if (!paging_is_mapped(page + LAYOUT_DIRECT_MAP))
            paging_map(page + LAYOUT_DIRECT_MAP, page, PAGE_SIZE, CONSTANTS);
    return address;
}

// Maps [start, end) in the direct map; the kernel's text and constants in it are not writable.
static void map_direct(paddr_t start, paddr_t end) {
    paddr_t cuts[] = {start, image_to_physical(image_text), image_to_physical(image_data), end};
    for (unsigned i = 1; i < 3; i++)
        cuts[i] = cuts[i] < start ? start : cuts[i] > end ? end : cuts[i];
    for (unsigned i = 0; i < 3; i++)
        paging_map(cuts[i] + LAYOUT_DIRECT_MAP, cuts[i], cuts[i + 1] - cuts[i],
                   i == 1 ? CONSTANTS : DATA);
}

// RAM, the firmware's tables, and what is called reserved but lies right behind RAM: many BIOSes
// keep their tables there. Other reserved regions are devices, which must not be cached.
static void map_all_memory(const struct boot_info *boot) {
    paddr_t start = 0, end = 0;
    for (unsigned i = 0; i < boot->regions; i++) {
        const struct boot_region *region = &boot->region[i];
        bool touches = region->start == end;
        if (region->kind == BOOT_RESERVED && !touches)
            continue;
        if (!touches) {
            map_direct(start, end);
            start = region->start;
        }
        end = region->start + region->size;
    }
    map_direct(start, end);
}

static void map_image(void) {
    uint64_t text = (uint64_t)image_text, rodata = (uint64_t)image_rodata;
    uint64_t data = (uint64_t)image_data, end = (uint64_t)image_end;
    uint64_t guard = (uint64_t)boot_stack_guard;
    paging_map(text, image_to_physical(image_text), rodata - text, 0);
    paging_map(rodata, image_to_physical(image_rodata), data - rodata, CONSTANTS);
    paging_map(data, image_to_physical(image_data), guard - data, DATA);
    guard += PAGE_SIZE;
    paging_map(guard, guard - LAYOUT_IMAGE, end - guard, DATA);
}

static bool has_gigabyte_pages(void) {
    return (cpuid(0x80000001, 0).edx & 1u << 26) != 0;
}

unsigned hal_largest_page_level(void) { return largest_level; }

void paging_start(struct boot_info *boot) {
    memory = boot;
    largest_level = has_gigabyte_pages() ? 3 : 2;
    root = boot_allocate(PAGE_SIZE);
    map_image();
    // Regions change while tables are taken from them, but only from free to the kernel's.
    static struct boot_info snapshot;
    snapshot = *boot;
    map_all_memory(&snapshot);
    entry_at(LAYOUT_STACKS, LEVELS - 1);
    entry_at(LAYOUT_DEVICES, LEVELS - 1);
    hal_space_load(root);
    reach = REGIONS_LIMIT;
}
