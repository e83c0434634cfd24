// From _start to main: relocation, what libsys needs, constructors.
//
// Before relocate() returns, nothing here may use an address that stands in memory (a pointer in
// initialised data, a switch made into a table of addresses); code reaches its own data relative
// to rip.

#include "start_internal.h"

#include <abi/elf.h>
#include <baton/parcel.h>
#include <baton/start.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*constructor_t)(void);

// Made by the linker.
[[gnu::visibility("hidden")]] extern const char __ehdr_start[];
[[gnu::visibility("hidden")]] extern const struct elf_dynamic _DYNAMIC[];
[[gnu::visibility("hidden")]] extern const constructor_t __preinit_array_start[],
    __preinit_array_end[], __init_array_start[], __init_array_end[];

int main(int argc, char **argv);

static struct start_page *page;

const struct start_page *start_page(void)
{
    return page;
}

void start_boot_time_set(uint64_t seconds)
{
    page->boot_time = seconds;
}

// Adds the base to every word that the linker listed. Programs are linked with only this kind of
// relocation; anything else is a broken program, which ends here.
static void relocate(void)
{
    uint64_t base = (uint64_t)__ehdr_start;
    uint64_t table = 0, size = 0;
    for (const struct elf_dynamic *item = _DYNAMIC; item->tag != ELF_DYNAMIC_END; item++) {
        if (item->tag == ELF_DYNAMIC_RELA)
            table = base + item->value;
        else if (item->tag == ELF_DYNAMIC_RELA_SIZE)
            size = item->value;
    }
    const struct elf_rela *rela = (const struct elf_rela *)table;
    for (uint64_t i = 0; i < size / sizeof *rela; i++) {
        if ((uint32_t)rela[i].info != ELF_RELOCATION_RELATIVE)
            __builtin_trap();
        *(uint64_t *)(base + rela[i].offset) = base + (uint64_t)rela[i].addend;
    }
}

static void run_constructors(const constructor_t *first, const constructor_t *end)
{
    for (const constructor_t *constructor = first; constructor < end; constructor++)
        (*constructor)();
}

[[noreturn]] void start_program(struct start_page *start)
{
    relocate();
    page = start;
    if (start->magic != START_MAGIC || start->abi != ABI_NUMBER)
        _exit(START_FAILED);
    char **argv = start_strings(start->arguments, start->argument_count, &start_few_arguments);
    start_environment(start);
    if (!argv)
        _exit(START_FAILED);
    run_constructors(__preinit_array_start, __preinit_array_end);
    run_constructors(__init_array_start, __init_array_end);
    exit(main((int)start->argument_count, argv));
}
