// Intel SDM vol. 1 chapter 13 (XSAVE) and section 10.5 (FXSAVE).
#include "hal/x86_64/vector.h"

#include "hal/x86_64/instructions.h"
#include "hal/x86_64/processor.h"

// A state area, all clean: the x87 control word stands at 0x000 and MXCSR at 0x018, for FXSAVE as
// for XSAVE. In the header of the latter, from 0x200 on, no component is marked as in use: XRSTOR
// brings all to their initial state without reading them, but takes MXCSR from memory (Intel SDM
// vol. 1 section 13.8.1).
alignas(64) static const uint32_t clean[0x240 / 4] = {
    [0x000 / 4] = VECTOR_CONTROL_DEFAULT >> 32,
    [0x018 / 4] = (uint32_t)VECTOR_CONTROL_DEFAULT,
};

uint32_t hal_vector_size(void) { return processor.vector_size; }

void hal_vector_enable(void) { __asm__ volatile("clts" : : : "memory"); }

void hal_vector_clear(void) {
    hal_vector_enable();
    hal_vector_load(clean);
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
