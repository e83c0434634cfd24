// Boot modules: programs that the kernel starts itself, and data that they open. The module lines
// are the wiring diagram (boot/grub/grub.cfg): which port a process serves and which it may call.
#pragma once

#include "hart/process.h"

struct module {
    struct object object;
    const struct boot_module *boot; // nullptr: the right to all of them
};

static inline uint64_t module_size(const struct module *module) {
    return module->boot != nullptr ? module->boot->size : 0;
}

// The process of limit=rest is granted so many times the memory that is left.
extern uint8_t overcommit_factor;

// Starts every program among the modules. Crashes with the names of required modules that are
// absent.
void modules_start(const struct boot_info *boot);

// Says in the log that a program of a module has ended. Nothing restarts one yet: without memory
// and loader no program can be started any more, which is a crash of the system.
void module_program_ended(const struct process *process);

// Moves pages of a module into slots of a process, with the limit for them. Errors: module_open in
// include/abi/system_calls.h.
status_t module_open(const struct module *module, uint64_t first_page, struct process *process,
                     parcel_t slots);
