#include "spaces.h"

#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "memory/entry.h"

static uint64_t free_before;
static char wrong[256];

void spaces_begin(struct test_space *const *spaces, unsigned count) {
    free_before = machine_free();
    for (unsigned i = 0; i < count; i++) {
        *spaces[i] = (struct test_space){.account = {.limit = 1'000'000}};
        if (space_create(&spaces[i]->space, &spaces[i]->account) != OK)
            abort();
    }
}

const char *spaces_wrong(struct test_space *const *spaces, unsigned count) {
    struct space *list[64];
    for (unsigned i = 0; i < count; i++)
        list[i] = &spaces[i]->space;
    wrong[0] = 0;
    if (memory_check_all(list, count, wrong, sizeof(wrong)) != 0 && wrong[0] == 0)
        snprintf(wrong, sizeof(wrong), "something");
    return wrong;
}

const char *spaces_end(struct test_space *const *spaces, unsigned count) {
    spaces_wrong(spaces, count);
    for (unsigned i = 0; i < count; i++) {
        unsigned calls = 0;
        while (!space_destroy(&spaces[i]->space) && calls < 100'000)
            calls++;
        if (spaces[i]->account.used != 0 && wrong[0] == 0)
            snprintf(wrong, sizeof(wrong), "space %u still uses %lu", i, spaces[i]->account.used);
    }
    if (machine_free() < free_before && wrong[0] == 0)
        snprintf(wrong, sizeof(wrong), "%lu frames are lost", free_before - machine_free());
    return wrong;
}

// --- touches -------------------------------------------------------------------------------------

uint64_t *space_translate(const struct space *space, uaddr_t address, uint8_t access) {
    cell_t *cells = (cell_t *)physical_to_virtual(space->root);
    for (unsigned level = LEVELS;; level--) {
        cell_t *cell = &cells[address_index(address, level)];
        entry_t entry = cell_load(cell);
        if (!(entry & ENTRY_PRESENT) || !(entry & ENTRY_USER) ||
            ((access & ACCESS_WRITE) && !(entry & ENTRY_WRITE)) ||
            ((access & ACCESS_EXECUTE) && (entry & ENTRY_NO_EXECUTE)))
            return nullptr;
        cell_set(cell, ENTRY_ACCESSED);
        cells = (cell_t *)physical_to_virtual(entry & ENTRY_ADDRESS);
        if (entry_is_table(entry, level))
            continue;
        if (access & ACCESS_WRITE)
            cell_set(cell, ENTRY_DIRTY);
        return (uint64_t *)cells + address % level_size(level) / 8;
    }
}

static uint64_t *touch(struct space *space, uaddr_t address, uint8_t access) {
    uint64_t cookie;
    for (unsigned faults = 0; faults < 3; faults++) {
        uint64_t *word = space_translate(space, address, access);
        enum fault_outcome outcome = FAULT_ZEROING;
        while (word == nullptr && outcome == FAULT_ZEROING)
            outcome = space_fault(space, address, access, &cookie);
        if (word != nullptr || outcome != FAULT_RESOLVED)
            return word;
    }
    return nullptr;
}

bool space_read(struct space *space, uaddr_t address, uint64_t *value) {
    const uint64_t *word = touch(space, address, 0);
    if (word != nullptr)
        *value = *word;
    return word != nullptr;
}

bool space_write(struct space *space, uaddr_t address, uint64_t value) {
    uint64_t *word = touch(space, address, ACCESS_WRITE);
    if (word != nullptr)
        *word = value;
    return word != nullptr;
}

bool space_execute(struct space *space, uaddr_t address) {
    return touch(space, address, ACCESS_EXECUTE) != nullptr;
}
