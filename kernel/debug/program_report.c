// Why a program was ended, in the log: exception, registers, backtrace. What the program left in
// its registers and on its stack is not trusted; its memory is read through the kernel's own map.
#include <abi/layout.h>
#include <abi/message.h>

#include "debug/crash.h"
#include "debug/elf_symbols.h"
#include "debug/log.h"
#include "debug/program.h"
#include "hal/string.h"
#include "sync/spinlock.h"

LOG_MODULE(LOG_CRASH);

static constexpr unsigned FRAMES = 16;
static constexpr unsigned KEPT = 8;

// The latest crashes, for system_query.
static struct spinlock lock;
static struct query_crash kept[KEPT];
static unsigned kept_next;

// "read_block+0x14", "image+0x1234", or nothing for an address outside the image.
static void describe(const struct thread *thread, uaddr_t address, char *text, size_t size) {
    size_t file_size = 0;
    uaddr_t base = 0;
    uint64_t inside;
    const void *file = program_image(thread, &file_size, &base);
    const char *name =
        file != nullptr ? elf_symbol_name(file, file_size, address - base, &inside) : nullptr;
    if (name != nullptr)
        text_format(text, size, " (%.60s+0x%lx)", name, inside);
    else if (base != 0 && address >= base)
        text_format(text, size, " (image+0x%lx)", address - base);
    else
        text[0] = 0;
}

static void log_lines(const char *text) {
    while (*text != 0) {
        const char *end = strchr(text, '\n');
        size_t length = end != nullptr ? (size_t)(end - text) : strlen(text);
        log_error("  %.*s", (int)length, text);
        text += length + (end != nullptr);
    }
}

// A frame: the caller's frame pointer, then the return address. Each lies above the one before, on
// the same stack.
static uint32_t callers_find(const struct thread *thread, uaddr_t frame, uaddr_t callers[FRAMES]) {
    uint32_t count = 0;
    while (count < FRAMES) {
        uint64_t next, address;
        if (frame % 8 != 0 || frame < LAYOUT_LOWEST || frame >= LAYOUT_LIMIT ||
            !program_peek(thread, frame, &next) || !program_peek(thread, frame + 8, &address) ||
            address == 0)
            break;
        callers[count++] = address;
        if (next <= frame || next - frame > LAYOUT_STACK_MAXIMUM)
            break;
        frame = next;
    }
    return count;
}

static void crash_keep(const struct query_crash *crash) {
    spinlock_acquire(&lock);
    kept[kept_next++ % KEPT] = *crash;
    spinlock_release(&lock);
}

bool crash_find(uint32_t process, struct query_crash *crash) {
    bool found = false;
    spinlock_acquire(&lock);
    for (unsigned i = 0; i < KEPT; i++)
        if (kept[i].process == process) {
            *crash = kept[i];
            found = true;
        }
    spinlock_release(&lock);
    return found;
}

// A touch of nothing where the stack did not grow any more, or below the largest one.
static bool is_stack_overflow(uint64_t error, uint64_t address) {
    static constexpr uint64_t PRESENT = 1 << 0, FETCH = 1 << 4;
    return (error & (PRESENT | FETCH)) == 0 && address < LAYOUT_STACK_TOP &&
           address >= LAYOUT_STACK_TOP - 2 * LAYOUT_STACK_MAXIMUM;
}

void crash_report_program(const struct thread *thread, unsigned vector, uint64_t error,
                          uint64_t address) {
    const struct registers *registers = program_registers(thread);
    char what[96], name[96], text[512];
    describe(thread, registers->rip, name, sizeof name);
    if (vector == VECTOR_PAGE_FAULT)
        text_format(what, sizeof what, "page fault at 0x%lx %s%s", address, hal_fault_access(error),
                    is_stack_overflow(error, address) ? ", stack overflow" : "");
    else
        text_format(what, sizeof what, "%s, error 0x%lx", hal_exception_name(vector), error);
    log_error("%s (%u): %s, ip 0x%lx%s", program_name(thread), program_number(thread), what,
              registers->rip, name);
    hal_registers_text(registers, text, sizeof text);
    log_lines(text);

    struct query_crash crash = {.process = program_number(thread),
                                .exception = vector,
                                .address = address,
                                .ip = registers->rip,
                                .error = error};
    crash.frames = callers_find(thread, registers->rbp, crash.caller);
    for (unsigned i = 0; i < crash.frames; i++) {
        describe(thread, crash.caller[i], name, sizeof name);
        log_error("  called from 0x%lx%s", crash.caller[i], name);
    }
    crash_keep(&crash);
}
