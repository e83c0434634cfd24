// The log: a ring of bytes, the levels of its modules, and the way to the ports. A crash report
// writes through here too and must not wait for anybody, so it can break the lock.
#include "debug/log.h"

#include "debug/log_crash.h"
#include "hal/hal.h"
#include "hal/string.h"
#include "hart/hart.h"
#include "sync/spinlock.h"

static constexpr size_t RING_SIZE = 64 * 1024;
static constexpr size_t LINE_SIZE = 256; // a longer line is cut
static constexpr unsigned MICROSECONDS = 1'000'000; // in a second

static struct spinlock lock;
static _Atomic bool broken; // by a crash: nobody takes the lock any more
static char ring[RING_SIZE];
static uint64_t written; // bytes since boot
static bool quiet;       // only errors on the terminal
static ticks_t first_ticks;

static const char *const names[LOG_MODULES] = {
    [LOG_BOOT] = "boot",     [LOG_HART] = "hart",       [LOG_INTERRUPT] = "interrupt",
    [LOG_MEMORY] = "memory", [LOG_MESSAGE] = "message", [LOG_PROCESS] = "process",
    [LOG_PROGRAM] = "program", [LOG_CRASH] = "crash",
};
static _Atomic uint8_t levels[LOG_MODULES] = {[0 ... LOG_MODULES - 1] = LOG_INFO};
static const char *const level_names[LOG_LEVELS] = {"error", "warning", "info", "debug"};

static void lock_take(void) NO_THREAD_SAFETY_ANALYSIS {
    if (!__c11_atomic_load(&broken, __ATOMIC_RELAXED))
        spinlock_acquire(&lock);
}

static void lock_leave(void) NO_THREAD_SAFETY_ANALYSIS {
    if (!__c11_atomic_load(&broken, __ATOMIC_RELAXED))
        spinlock_release(&lock);
}

void log_break_lock(void) {
    __c11_atomic_store(&broken, true, __ATOMIC_RELAXED);
}

static void ring_append(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        ring[(written + i) % RING_SIZE] = text[i];
    written += length;
}

uint64_t log_written(void) {
    return written;
}

void log_emit(enum log_level level, const char *text, size_t length) {
    lock_take();
    ring_append(text, length);
    hal_output(OUTPUT_LOG, text, length);
    if (level <= (quiet ? LOG_ERROR : LOG_INFO))
        hal_output(OUTPUT_TERMINAL, text, length);
    lock_leave();
}

// "[   0.012345 h0] NAME: "; ticks since the first line until the clock is calibrated.
static size_t format_head(char *line, const char *name) {
    const struct hart *hart = hal_hart_here();
    ticks_t now = hal_ticks();
    if (first_ticks == 0)
        first_ticks = now;
    uint64_t ticks = now - first_ticks, rate = hal_ticks_per_second();
    unsigned index = hart != nullptr ? hart->index : 0;
    if (rate == 0)
        return text_format(line, LINE_SIZE, "[%11lu h%u] %s: ", ticks, index, name);
    uint64_t micros = ticks % rate * MICROSECONDS / rate;
    return text_format(line, LINE_SIZE, "[%4lu.%06lu h%u] %s: ", ticks / rate, micros, index, name);
}

// Ends a line of `length` characters, of which the buffer holds what fits.
static size_t finish_line(char *line, size_t length) {
    if (length > LINE_SIZE - 2) {
        length = LINE_SIZE - 2;
        memcpy(line + length - 3, "...", 3);
    }
    line[length] = '\n';
    return length + 1;
}

void log_line(enum log_module module, enum log_level level, const char *format, ...) {
    if (level > log_level_get(module))
        return;
    char line[LINE_SIZE];
    size_t length = format_head(line, names[module]);
    if (level < LOG_INFO)
        length += text_format(line + length, LINE_SIZE - length, "%s: ", level_names[level]);
    va_list arguments;
    va_start(arguments, format);
    length += text_format_list(line + length, LINE_SIZE - length, format, arguments);
    va_end(arguments);
    log_emit(level, line, finish_line(line, length));
}

// Appends a program's text, with a place kept for the line's end.
static size_t copy_visible(char *line, size_t at, const char *text, size_t length) {
    for (size_t i = 0; i < length && at < LINE_SIZE; i++, at++)
        line[at] = text[i] >= ' ' && text[i] <= '~' ? text[i] : text[i] == '\t' ? ' ' : '?';
    return at;
}

void log_program_line(const char *name, enum log_level level, const char *text, size_t length) {
    if (level > log_level_get(LOG_PROGRAM))
        return;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    char line[LINE_SIZE];
    size_t at = format_head(line, name);
    if (at > LINE_SIZE / 2)
        at = LINE_SIZE / 2;
    log_emit(level, line, finish_line(line, copy_visible(line, at, text, length)));
}

void log_level_set(unsigned module, enum log_level level) {
    for (unsigned i = 0; i < LOG_MODULES; i++)
        if ((i == module || module == ~0u) && level < LOG_LEVELS)
            __c11_atomic_store(&levels[i], level, __ATOMIC_RELAXED);
}

enum log_level log_level_get(unsigned module) {
    return module < LOG_MODULES
               ? (enum log_level)__c11_atomic_load(&levels[module], __ATOMIC_RELAXED)
               : LOG_ERROR;
}

const char *log_module_name(unsigned module) {
    return module < LOG_MODULES ? names[module] : nullptr;
}

void log_set_quiet(void) { quiet = true; }

// Which of the names a word is; `count` for none.
static unsigned find_name(const char *const *list, unsigned count, const char *word,
                          size_t length) {
    for (unsigned i = 0; i < count; i++)
        if (strlen(list[i]) == length && memcmp(list[i], word, length) == 0)
            return i;
    return count;
}

unsigned log_find_module(const char *word, size_t length) {
    return find_name(names, LOG_MODULES, word, length);
}

unsigned log_find_level(const char *word, size_t length) {
    return find_name(level_names, LOG_LEVELS, word, length);
}

size_t log_read(uint64_t *offset, char *buffer, size_t size) {
    lock_take();
    if (*offset > written)
        *offset = written;
    if (written - *offset > RING_SIZE)
        *offset = written - RING_SIZE;
    size_t count = written - *offset < size ? written - *offset : size;
    for (size_t i = 0; i < count; i++)
        buffer[i] = ring[(*offset + i) % RING_SIZE];
    lock_leave();
    return count;
}
