#include "adversary.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "memory/entry.h"

static constexpr unsigned PAGES_KEPT = 96, UPPERS_KEPT = 24;

// Among the pages, level 0 to 2: one of 4 KiB, 2 MiB or 1 GiB at `address`. Among the uppers, level
// 1 to 3: the table of that level for addresses like it.
struct kept {
    bool used, write, execute;
    unsigned level, tag;
    uaddr_t address;
    paddr_t target;
};

static struct tlb {
    struct kept pages[PAGES_KEPT], uppers[UPPERS_KEPT];
} tlbs[HART_LIMIT];

static uint32_t state = 1; // of its own random numbers, so that a sequence can be shortened

static uint32_t random_number(uint32_t limit) {
    state = state * 1'664'525 + 1'013'904'223;
    return (state >> 8) % limit;
}

static unsigned tag_here(void) { return hart_self()->arch.tag; }

static uaddr_t prefix(uaddr_t address, unsigned level) {
    return address & ~(level_size(level + 1) - 1);
}

static void forget(struct kept *list, unsigned count, uaddr_t first, uaddr_t last) {
    for (unsigned i = 0; i < count; i++)
        if (list[i].tag == tag_here() && list[i].address >= prefix(first, list[i].level) &&
            list[i].address <= last)
            list[i].used = false;
}

static void page_flushed(unsigned hart, uint64_t address) {
    uaddr_t page = address & ~(PAGE_SIZE - 1);
    forget(tlbs[hart].uppers, UPPERS_KEPT, 0, UINT64_MAX);
    forget(tlbs[hart].pages, PAGES_KEPT, page, page);
}

static void space_loaded(unsigned hart) {
    forget(tlbs[hart].uppers, UPPERS_KEPT, 0, UINT64_MAX);
    forget(tlbs[hart].pages, PAGES_KEPT, 0, UINT64_MAX);
}

void adversary_start(void) {
    memset(tlbs, 0, sizeof(tlbs));
    machine_page_flushed = page_flushed;
    machine_space_loaded = space_loaded;
}

// Any that matches will do; which one is up to chance.
static struct kept *find(struct kept *list, unsigned count, uaddr_t address) {
    unsigned start = random_number(count);
    for (unsigned i = 0; i < count; i++) {
        struct kept *kept = &list[(start + i) % count];
        if (kept->used && kept->tag == tag_here() &&
            kept->address == prefix(address, kept->level))
            return kept;
    }
    return nullptr;
}

static void keep(struct kept *list, unsigned count, struct kept kept) {
    for (unsigned i = 0; i < count; i++)
        if (!list[i].used) {
            list[i] = kept;
            return;
        }
    list[random_number(count)] = kept;
}

// Goes on from `at` down to the page. False: not present.
static bool walk(struct tlb *tlb, uaddr_t address, struct kept at, struct kept *page) {
    while (at.level > 0) {
        if (at.target >= machine_size)
            break;
        cell_t *cell = (cell_t *)physical_to_virtual(at.target) + address_index(address, at.level);
        entry_t entry = cell_load(cell);
        if (!(entry & ENTRY_PRESENT) || !(entry & ENTRY_USER))
            return false;
        cell_set(cell, ENTRY_ACCESSED);
        at.level--;
        at.address = prefix(address, at.level);
        at.target = entry & ENTRY_ADDRESS;
        at.write &= (entry & ENTRY_WRITE) != 0;
        at.execute &= !(entry & ENTRY_NO_EXECUTE);
        if (!entry_is_table(entry, at.level + 1))
            break;
        keep(tlb->uppers, UPPERS_KEPT, at);
    }
    *page = at;
    return true;
}

static bool translate(struct tlb *tlb, uaddr_t address, struct kept *page) {
    struct kept start = {.used = true, .write = true, .execute = true, .level = LEVELS,
                         .tag = tag_here(), .target = hart_self()->arch.root};
    const struct kept *upper = find(tlb->uppers, UPPERS_KEPT, address);
    if (!walk(tlb, address, upper != nullptr ? *upper : start, page))
        return false;
    keep(tlb->pages, PAGES_KEPT, *page);
    return true;
}

uint64_t *adversary_access(uaddr_t address, bool write, bool execute, bool *wild) {
    struct tlb *tlb = &tlbs[hart_self()->index];
    struct kept *kept = find(tlb->pages, PAGES_KEPT, address), page;
    *wild = false;
    if (kept != nullptr)
        page = *kept;
    else if (!translate(tlb, address, &page))
        return nullptr;
    if ((write && !page.write) || (execute && !page.execute)) {
        page_flushed(hart_self()->index, address); // a fault drops what caused it
        return nullptr;
    }
    *wild = page.target >= machine_size;
    uint64_t offset = address & (level_size(page.level + 1) - 1);
    return *wild ? nullptr : (uint64_t *)physical_to_virtual(page.target) + offset / 8;
}

void adversary_speculate(uaddr_t address) {
    struct tlb *tlb = &tlbs[hart_self()->index];
    struct kept page;
    if (find(tlb->pages, PAGES_KEPT, address) == nullptr)
        (void)translate(tlb, address, &page);
}
