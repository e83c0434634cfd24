// System calls on boot modules, the log and the machine as a whole.
#include "debug/log.h"
#include "debug/query.h"
#include "hal/string.h"
#include "message/system_call.h"

LOG_MODULE(LOG_BOOT);

status_t system_module_open(struct thread *thread, const struct module *module,
                            uint64_t first_page, parcel_t slots) {
    return module_open(module, first_page, thread->process, slots);
}

status_t system_log_write(struct thread *thread, uint32_t level, uaddr_t address,
                          uint32_t length) {
    if (level >= LOG_LEVELS || length > PAGE_SIZE - address % PAGE_SIZE)
        return ERR_BAD_ARGUMENT;
    struct space *space = &thread->process->space;
    char name[17] = {}, text[256];
    uint32_t part = length < sizeof(text) ? length : sizeof(text);
    memcpy(name, thread->process->name, 16);
    spinlock_acquire(&space->lock);
    const uint8_t *page = space_page_locked(space, address & ~(PAGE_SIZE - 1), false);
    if (page != nullptr)
        memcpy(text, page + address % PAGE_SIZE, part);
    spinlock_release(&space->lock);
    if (page == nullptr)
        return ERR_BAD_SLOT;
    log_program_line(name, (enum log_level)level, text, part);
    return OK;
}

status_t system_system_log_level(struct thread *, const struct object *, uint32_t module,
                                 uint32_t level) {
    if (level >= LOG_LEVELS || (module >= LOG_MODULES && module != ~0u))
        return ERR_BAD_ARGUMENT;
    log_level_set(module, (enum log_level)level);
    return OK;
}

// The record by which whoever started the machine learns the status (design section 7).
static void end_record(uint32_t status) {
    char record[40];
    size_t length = text_format(record, sizeof(record), "\x1e" "baton-end status=%u\x1f\n", status);
    hal_output(OUTPUT_LOG, record, length);
}

status_t system_system_end(struct thread *, const struct object *, uint32_t how,
                           uint32_t status) {
    if (how > SYSTEM_RESET || status > 255)
        return ERR_BAD_ARGUMENT;
    log_info("the system ends, status %u", status);
    if (how == SYSTEM_EXIT)
        end_record(status);
    hal_end((enum system_end)how, false);
    return OK;
}

// --- queries
// --------------------------------------------------------------------------------------

// The records are made in the kernel's page of this hart, then copied: the program's page could go
// away meanwhile, and making them may need the lock of its space.
status_t system_system_query(struct thread *thread, const struct object *, uint32_t topic,
                             uint64_t index, uaddr_t address, uint64_t *result) {
    static struct spinlock lock;
    alignas(64) static uint8_t buffer[PAGE_SIZE];
    if (address % PAGE_SIZE != 0)
        return ERR_BAD_SLOT;
    struct space *space = &thread->process->space;
    spinlock_acquire(&lock);
    memset(buffer, 0, sizeof(buffer));
    bool filled = query_fill(topic, index, buffer, result);
    spinlock_acquire(&space->lock);
    void *page = filled ? space_page_locked(space, address, true) : nullptr;
    if (page != nullptr)
        page_copy(page, buffer);
    spinlock_release(&space->lock);
    spinlock_release(&lock);
    return page != nullptr ? OK : filled ? ERR_BAD_SLOT : ERR_BAD_ARGUMENT;
}
