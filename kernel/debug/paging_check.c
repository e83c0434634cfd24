// paging_check: what the kernel's page tables must never allow, read back from the tables.
#include <abi/message.h>

#include "debug/crash.h"
#include "debug/log.h"
#include "hal/paging.h"
#include "hal/x86_64/image.h"

LOG_MODULE(LOG_BOOT);

struct summary {
    uint64_t pages[LEVELS]; // by level, less one
    uint64_t tables;
    uint64_t executable, writable; // bytes
};

static void check_leaf(struct summary *summary, uint64_t virtual, unsigned level, entry_t entry) {
    bool writable = (entry & ENTRY_WRITE) != 0, executable = (entry & ENTRY_NO_EXECUTE) == 0;
    paddr_t start = entry & ENTRY_ADDRESS & ~(level_size(level) - 1);
    paddr_t end = start + level_size(level);
    if (writable && executable)
        panic("0x%lx is writable and executable", virtual);
    if (writable && start < image_to_physical(image_data) && end > image_to_physical(image_text))
        panic("0x%lx makes the kernel's text or constants writable", virtual);
    if ((entry & ENTRY_USER) != 0)
        panic("0x%lx is open to programs", virtual);
    summary->pages[level - 1]++;
    summary->executable += executable ? end - start : 0;
    summary->writable += writable ? end - start : 0;
}

static void check_table(struct summary *summary, uint64_t virtual, unsigned level, paddr_t table) {
    const entry_t *entries = physical_to_virtual(table);
    summary->tables++;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++, virtual += level_size(level)) {
        if ((entries[i] & ENTRY_PRESENT) == 0)
            continue;
        if (level == LEVELS && i < TABLE_ENTRIES / 2)
            panic("the kernel's tables map 0x%lx, in the lower half", virtual);
        uint64_t address = i >= TABLE_ENTRIES / 2 && level == LEVELS
                               ? virtual | 0xffff'0000'0000'0000
                               : virtual;
        if (level == 1 || (entries[i] & ENTRY_LARGE) != 0)
            check_leaf(summary, address, level, entries[i]);
        else
            check_table(summary, address, level - 1, entries[i] & ENTRY_ADDRESS);
    }
}

void paging_check(void) {
    struct summary summary = {};
    check_table(&summary, 0, LEVELS, paging_kernel_root());
    log_info("paging: %lu tables, pages %lu of 4 KiB, %lu of 2 MiB, %lu of 1 GiB; %lu KiB "
             "executable, %lu KiB writable, none both",
             summary.tables, summary.pages[0], summary.pages[1], summary.pages[2],
             summary.executable / 1024, summary.writable / 1024);
}
