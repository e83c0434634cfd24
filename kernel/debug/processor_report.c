// The processor's name and features as text. Intel SDM vol. 2A "CPUID".
#include "debug/log.h"
#include "hal/hal.h"
#include "hal/x86_64/instructions.h"
#include "hal/x86_64/processor.h"

LOG_MODULE(LOG_HART);

// Names of the features in use, with spaces between; always ended by 0.
static void features_text(char *text, size_t size) {
    const struct {
        bool present;
        const char *name;
    } feature[] = {
        {processor.control & CR4_SMEP, "smep"},
        {processor.control & CR4_SMAP, "smap"},
        {processor.control & CR4_UMIP, "umip"},
        {processor.control & CR4_PCID, "pcid"},
        {processor.control & CR4_XSAVE, "xsave"},
        {processor.vector_mask & STATE_AVX, "avx"},
        {processor.x2apic, "x2apic"},
        {processor.vector_mask & STATE_AVX512, "avx512"},
        {processor.tsc_deadline, "tsc-deadline"},
        {processor.tsc_invariant, "tsc-invariant"},
    };
    size_t length = 0;

    for (size_t i = 0; i < sizeof feature / sizeof *feature; i++) {
        if (!feature[i].present)
            continue;
        if (length && length + 1 < size)
            text[length++] = ' ';
        for (const char *from = feature[i].name; *from && length + 1 < size; from++)
            text[length++] = *from;
    }
    text[length] = 0;
}

// The brand's 48 bytes may be padded in front and need not end by 0.
static void read_brand(char text[48]) {
    for (unsigned leaf = 0; leaf < 3; leaf++) {
        struct cpuid part = cpuid(0x80000002 + leaf, 0);
        uint32_t word[4] = {part.eax, part.ebx, part.ecx, part.edx};

        for (unsigned i = 0; i < 16; i++)
            text[leaf * 16 + i] = (char)(word[i / 4] >> i % 4 * 8);
    }
    text[47] = 0;
}

void hal_processor_name(char name[48]) {
    char brand[48] = "x86-64";
    unsigned from = 0, to = 0;

    if (cpuid(0x80000000, 0).eax >= 0x80000004)
        read_brand(brand);
    while (brand[from] == ' ')
        from++;
    while (brand[from])
        name[to++] = brand[from++];
    while (to < 48)
        name[to++] = 0;
}

void processor_report(void) {
    char name[48], features[160];

    hal_processor_name(name);
    features_text(features, sizeof features);
    log_info("processor: %s (%s)", name, features);
}
