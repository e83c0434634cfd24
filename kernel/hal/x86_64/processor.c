// Intel SDM vol. 2A "CPUID", vol. 3A section 2.5 (control registers); AMD APM vol. 3 appendix E. A
// bit that no feature asks for is off, whatever the firmware left.
#include "hal/x86_64/processor.h"

#include "hal/hal.h"
#include "hal/string.h"
#include "hal/x86_64/image.h"

// FXSAVE's area; XSAVE's says its own size (Intel SDM vol. 1 sections 10.5.1 and 13.4).
static constexpr uint32_t FXSAVE_SIZE = 512;

struct processor processor;

static bool bit(uint32_t word, unsigned number) { return word >> number & 1; }

static void detect_features(void) {
    struct cpuid version = cpuid(1, 0), structured = {};

    if (cpuid(0, 0).eax >= 7)
        structured = cpuid(7, 0);
    processor.control = CR4_PHYSICAL_EXTENSION | CR4_MACHINE_CHECK | CR4_FXSAVE |
                        CR4_VECTOR_EXCEPTIONS |
                        (bit(version.edx, 13) ? CR4_GLOBAL_PAGES : 0) |
                        (bit(version.ecx, 17) ? CR4_PCID : 0) |
                        (bit(version.ecx, 26) ? CR4_XSAVE : 0) |
                        (bit(structured.ebx, 7) ? CR4_SMEP : 0) |
                        (bit(structured.ebx, 20) ? CR4_SMAP : 0) |
                        (bit(structured.ecx, 2) ? CR4_UMIP : 0);
    processor.x2apic = bit(version.ecx, 21);
    processor.tsc_deadline = bit(version.ecx, 24);
    if (cpuid(0x80000000, 0).eax >= 0x80000007)
        processor.tsc_invariant = bit(cpuid(0x80000007, 0).edx, 8);
}

// Takes the states that fit a page together; AVX needs SSE, AVX-512 needs both, all three parts.
static void detect_vectors(void) {
    uint64_t mask = STATE_X87 | STATE_SSE, offered;

    processor.vector_size = FXSAVE_SIZE;
    if (!(processor.control & CR4_XSAVE))
        return;
    offered = cpuid(0xd, 0).eax;
    if (offered & STATE_AVX)
        mask |= STATE_AVX;
    if (offered & STATE_AVX && (offered & STATE_AVX512) == STATE_AVX512)
        mask |= STATE_AVX512;
    processor.vector_mask = mask;
}

// CPUID 15H: ratio of the time-stamp counter to a crystal; 16H: base frequency in MHz.
static void detect_clock(void) {
    uint32_t last = cpuid(0, 0).eax;

    if (last >= 0x15) {
        struct cpuid clock = cpuid(0x15, 0);

        processor.crystal_hz = clock.ecx;
        if (clock.eax && clock.ebx)
            processor.tsc_hz = (uint64_t)clock.ecx * clock.ebx / clock.eax;
    }
    if (!processor.tsc_hz && last >= 0x16)
        processor.tsc_hz = (cpuid(0x16, 0).eax & 0xffff) * 1000000ull;
}

// Makes each hal_space_switch a call. The text is not writable; processor_control protects it
// again.
static void switches_patch(void) {
    static constexpr uint8_t CALL = 0xe8;

    cr0_write(cr0_read() & ~CR0_WRITE_PROTECT);
    for (uint8_t **site = image_switches; site < image_switches_end; site++) {
        int32_t distance = (int32_t)((uint8_t *)tlb_switch - (*site + 5));

        **site = CALL;
        memcpy(*site + 1, &distance, sizeof distance);
    }
}

void processor_detect(void) {
    detect_features();
    detect_vectors();
    detect_clock();
    if (processor.control & CR4_PCID)
        switches_patch();
}

void processor_control(void) {
    cr0_write(CR0_PROTECTED | CR0_MONITOR | CR0_EXTENSION | CR0_NUMERIC_ERROR | CR0_WRITE_PROTECT |
              CR0_PAGING);
    cr4_write(processor.control);
    if (processor.vector_mask) {
        xcr0_write(processor.vector_mask);
        processor.vector_size = cpuid(0xd, 0).ebx; // for what XCR0 enables now
    }
    __asm__ volatile("fninit");
    cr0_write(cr0_read() | CR0_TASK_SWITCHED);
}
