#include "debug/program.h"

#include <abi/layout.h>

#include "debug/peek.h"
#include "hal/string.h"
#include "hart/process.h"

const char *program_name(const struct thread *thread) {
    static char names[HART_LIMIT][17]; // one for each hart that reports
    char *name = names[hart_self()->index];
    memcpy(name, thread->process->name, 16);
    name[16] = 0;
    return name;
}

uint32_t program_number(const struct thread *thread) { return thread->process->number; }

const struct registers *program_registers(const struct thread *thread) {
    return &thread->registers;
}

bool program_peek(const struct thread *thread, uaddr_t address, uint64_t *value) {
    return space_peek(&thread->process->space, address, value);
}

const void *program_image(const struct thread *thread, size_t *size, uaddr_t *base) {
    const struct boot_module *module = thread->process->module;
    *base = module != nullptr ? LAYOUT_SERVER_IMAGE : 0;
    *size = module != nullptr ? module->size : 0;
    return module != nullptr ? physical_to_virtual(module->start) : nullptr;
}
