#include "debug/symbols.h"

#include "debug/crash.h"
#include "debug/log.h"

// The last symbol that does not lie behind the offset; -1 for none. The very last symbol is the
// linker script's mark behind the code: what lies there is no function.
static int64_t find(uint64_t offset) {
    uint32_t low = 0, high = kernel_symbol_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (kernel_symbols[middle].offset_from_kernel_base <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low - 1;
}

void symbol_describe(uint64_t address, char *buffer, size_t size) {
    uint64_t offset = address - kernel_symbol_base;
    int64_t index = address >= kernel_symbol_base ? find(offset) : -1;
    if (index < 0 || index + 1 == (int64_t)kernel_symbol_count) {
        text_format(buffer, size, "?");
        return;
    }
    const struct kernel_symbol *symbol = &kernel_symbols[index];
    text_format(buffer, size, "%s+0x%lx", kernel_symbol_names + symbol->name,
                offset - symbol->offset_from_kernel_base);
}
