// Intel SDM vol. 1 chapter 13 (XSAVE) and section 10.5 (FXSAVE).
#include "hal/x86_64/vector.h"

#include <stddef.h>

#include "hal/x86_64/instructions.h"
#include "hal/x86_64/processor.h"

// The part of a state area that matters here: XSAVE and FXSAVE share the first 512 bytes. With all
// bits of `in_use` clear XRSTOR brings every component to its initial state without reading it,
// but takes MXCSR from memory (Intel SDM vol. 1 section 13.8.1).
struct vector_area {
    uint16_t control;       // 0x000
    uint16_t status;        // 0x002
    uint8_t tag;            // 0x004
    uint8_t unused[19];     // 0x005
    uint32_t mxcsr;         // 0x018
    uint32_t mxcsr_mask;    // 0x01c
    uint8_t registers[480]; // 0x020
    uint64_t in_use;        // 0x200 XSTATE_BV
    uint64_t compaction;    // 0x208
    uint64_t reserved[6];   // 0x210
};
static_assert(sizeof(struct vector_area) == 576 && offsetof(struct vector_area, mxcsr) == 24 &&
              offsetof(struct vector_area, in_use) == 512);

static const struct vector_area clean __attribute__((aligned(64))) = {
    .control = 0x037f,
    .mxcsr = 0x1f80,
};

uint32_t hal_vector_size(void) { return processor.vector_size; }

void hal_vector_enable(void) { __asm__ volatile("clts" : : : "memory"); }

void hal_vector_clear(void) {
    hal_vector_enable();
    hal_vector_load(&clean);
    cr0_write(cr0_read() | CR0_TASK_SWITCHED);
}

void hal_vector_save(void *area) {
    if (processor.vector_mask) // all that XCR0 enables
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0), "d"(~0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void hal_vector_load(const void *area) {
    if (processor.vector_mask) // all that XCR0 enables
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0), "d"(~0) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

uint64_t hal_vector_control(void) {
    uint32_t mxcsr;
    uint16_t control;

    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
    return mxcsr | (uint64_t)control << 32;
}

void hal_vector_control_load(uint64_t value) {
    uint32_t mxcsr = (uint32_t)value;
    uint16_t control = (uint16_t)(value >> 32);

    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control));
}
