// System calls on boot modules, the log and the machine as a whole.
#include <abi/query.h>

#include "debug/check.h"
#include "debug/log.h"
#include "debug/trace.h"
#include "hal/string.h"
#include "hart/module.h"
#include "hart/schedule.h"
#include "main.h"
#include "message/system_call.h"

LOG_MODULE(LOG_BOOT);

status_t system_module_open(struct thread *thread, handle_t module, uint64_t first_page,
                            parcel_t slots) {
    status_t status;
    const struct module *object =
        object_look_up(thread, module, OBJECT_MODULE, RIGHT_OPEN, &status);
    if (object == nullptr)
        return status;
    return module_open(object, first_page, thread->process, slots);
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

status_t system_system_log_level(struct thread *thread, handle_t system, uint32_t module,
                                 uint32_t level) {
    status_t status;
    if (object_look_up(thread, system, OBJECT_SYSTEM, RIGHT_MANAGE, &status) == nullptr)
        return status;
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

status_t system_system_end(struct thread *thread, handle_t system, uint32_t how,
                           uint32_t status_code) {
    status_t status;
    if (object_look_up(thread, system, OBJECT_SYSTEM, RIGHT_MANAGE, &status) == nullptr)
        return status;
    if (how > SYSTEM_REBOOT || status_code > 255)
        return ERR_BAD_ARGUMENT;
    log_info("the system ends, status %u", status_code);
    end_record(status_code);
    hal_end((enum system_end)how, false);
}

// --- queries: each fills records from an index on, and gives how many ----------------------------

static uint64_t query_machine(void *page) {
    struct query_machine *m = page;
    struct frame_counts counts;
    frames_count(&counts);
    *m = (struct query_machine){
        .frames_total = counts.total,
        .frames_free = counts.free + counts.zeroed,
        .frames_zeroed = counts.zeroed,
        .frames_kernel = counts.kernel + counts.object + counts.module,
        .frames_table = counts.table,
        .frames_user = counts.page,
        .largest_free_frames = counts.largest_free,
        .ticks_per_second = hal_ticks_per_second(),
        .boot_ticks = boot_ticks,
        .ready_ticks = ready_ticks,
        .calibration_ticks = hal_calibration_ticks(),
        .harts = hart_count,
    };
    hal_processor_name(m->processor);
    memcpy(m->boot_options, boot_options, sizeof(m->boot_options) - 1);
    struct process *p;
    for (uint32_t n = 0; (p = process_from(n)) != nullptr; process_release(p)) {
        n = p->number + 1;
        m->processes++;
        m->threads += p->live;
    }
    return 1;
}

static void process_describe(const struct process *p, struct query_process *q) {
    *q = (struct query_process){
        .number = p->number,
        .parent = p->object.owner != nullptr ? p->object.owner->number : 0,
        .threads = p->live,
        .handles = p->handles.used,
        .used_frames = p->account.used,
        .limit_frames = p->account.limit,
        .state = p->state,
        .quantum = (uint32_t)QUANTUM_TOKENS,
        .watchdog_hits = (uint32_t)p->watchdog_hits,
    };
    memcpy(q->name, p->name, sizeof(q->name));
    if (p->state == PROCESS_LIVE)
        for (const struct thread *t = p->threads; t != nullptr; t = t->sibling) {
            q->run_ticks += t->run_ticks;
            q->calls += t->calls;
        }
}

static uint64_t query_processes(void *page, uint64_t index) {
    static constexpr uint64_t LIMIT = PAGE_SIZE / sizeof(struct query_process);
    struct query_process *records = page;
    uint64_t count = 0;
    struct process *p;
    while (count < LIMIT && (p = process_from((uint32_t)index)) != nullptr) {
        index = p->number + 1;
        process_describe(p, &records[count++]);
        process_release(p);
    }
    return count;
}

static uint64_t query_harts(void *page, uint64_t index) {
    static constexpr uint64_t LIMIT = PAGE_SIZE / sizeof(struct query_hart);
    struct query_hart *records = page;
    uint64_t count = 0;
    for (; index < hart_count && count < LIMIT; index++) {
        const struct hart *h = harts[index];
        const struct hart_counters *c = &h->counters;
        records[count++] = (struct query_hart){
            .index = h->index,
            .apic_id = h->arch.apic_id,
            .online = h->online,
            .idle_ticks = c->idle_ticks,
            .switches = c->switches,
            .space_loads = c->space_loads,
            .page_flushes = c->page_flushes,
            .flush_ipis = c->flush_ipis,
            .wake_ipis = c->wake_ipis,
            .interrupts = c->interrupts,
        };
    }
    return count;
}

static uint64_t query_log(void *page, uint64_t index) {
    struct query_log *records = page;
    uint64_t count = 0;
    for (; index < LOG_MODULES; index++) {
        text_format(records[count].name, sizeof(records[count].name), "%s",
                    log_module_name((unsigned)index));
        records[count++].level = log_level_get((unsigned)index);
    }
    return count;
}

static uint64_t query_check(void *page) {
    struct query_check *check = page;
    check->errors = system_check(check->first, sizeof(check->first));
    return 1;
}

static uint64_t query_trace(void *page, uint64_t index) {
    static constexpr unsigned HART_SHIFT = 48;
    uint64_t next = index & ((1ull << HART_SHIFT) - 1);
    return trace_read((unsigned)(index >> HART_SHIFT), &next, page,
                      PAGE_SIZE / sizeof(struct trace_record));
}

static bool query_fill(uint32_t topic, uint64_t index, void *page, uint64_t *count) {
    switch (topic) {
    case QUERY_MACHINE:
        *count = index == 0 ? query_machine(page) : 0;
        return true;
    case QUERY_PROCESSES:
        *count = query_processes(page, index);
        return true;
    case QUERY_HARTS:
        *count = query_harts(page, index);
        return true;
    case QUERY_LOG:
        *count = query_log(page, index);
        return true;
    case QUERY_CHECK:
        *count = index == 0 ? query_check(page) : 0;
        return true;
    case QUERY_TRACE:
        *count = query_trace(page, index);
        return true;
    case QUERY_LOG_TEXT:
        *count = log_read(&index, page, PAGE_SIZE);
        return true;
    case QUERY_SYMBOL:
        symbol_describe(index, page, PAGE_SIZE);
        *count = strlen(page);
        return true;
    default:
        return false;
    }
}

// The records are made in the kernel's page of this hart, then copied: the program's page could go
// away meanwhile, and making them may need the lock of its space.
status_t system_system_query(struct thread *thread, handle_t system, uint32_t topic,
                             uint64_t index, uaddr_t address, uint64_t *result) {
    static struct spinlock lock;
    alignas(64) static uint8_t buffer[PAGE_SIZE];
    status_t status;
    if (object_look_up(thread, system, OBJECT_SYSTEM, RIGHT_QUERY, &status) == nullptr)
        return status;
    if (address % PAGE_SIZE != 0)
        return ERR_BAD_SLOT;
    struct space *space = &thread->process->space;
    spinlock_acquire(&lock);
    memset(buffer, 0, sizeof(buffer));
    if (!query_fill(topic, index, buffer, result))
        status = ERR_BAD_ARGUMENT;
    spinlock_acquire(&space->lock);
    void *page = status == OK ? space_page_locked(space, address, true) : nullptr;
    if (page != nullptr)
        page_copy(page, buffer);
    spinlock_release(&space->lock);
    spinlock_release(&lock);
    return status == OK && page == nullptr ? ERR_BAD_SLOT : status;
}
