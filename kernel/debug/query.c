#include "debug/query.h"

#include <abi/query.h>

#include "debug/check.h"
#include "debug/crash.h"
#include "debug/log.h"
#include "debug/trace.h"
#include "hal/paging.h"
#include "hal/string.h"
#include "hart/module.h"
#include "main.h"
#include "memory/internal.h"

static uint64_t query_machine(void *page) {
    struct query_machine *m = page;
    struct frame_counts counts;
    frames_count(&counts);
    *m = (struct query_machine){
        .frames_total = counts.total,
        .frames_free = counts.free + counts.zeroed,
        .frames_zeroed = counts.zeroed,
        .frames_kernel = counts.kernel,
        .frames_object = counts.object,
        .frames_module = counts.module,
        .frames_table = counts.table,
        .frames_user = counts.page,
        .largest_free_frames = counts.largest_free,
        .ticks_per_second = hal_ticks_per_second(),
        .boot_ticks = boot_ticks,
        .ready_ticks = ready_ticks,
        .calibration_ticks = hal_calibration_ticks(),
        .firmware_tables = hal_firmware_tables(),
        .harts = hart_count,
        .overcommit = overcommit_factor,
        .frames_kept = frames_kept(),
    };
    hal_processor_name(m->processor);
    memcpy(m->boot_options, boot_options, sizeof(m->boot_options) - 1);
    struct process *p;
    for (uint32_t n = 0; (p = process_from(n)) != nullptr; process_release(p)) {
        n = p->number + 1;
        m->processes++;
        m->threads += p->live;
    }
    for (unsigned i = 0; i < hart_count; i++)
        for (unsigned type = 0; type < OBJECT_TYPES; type++)
            m->objects[type] += harts[i]->counters.objects[type];
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

// Counts tables and pages below a table; `shared`: a table on the way is others' too.
static void table_count(const struct frame *table, bool shared, struct query_memory *q) {
    unsigned entries = table->level == LEVELS ? ROOT_ENTRIES : TABLE_ENTRIES;
    q->tables++;
    for (unsigned i = 0; i < entries; i++) {
        entry_t entry = cell_load(&table_cells(table)[i]);
        if (!entry_present(entry))
            continue;
        const struct frame *target = entry_frame(entry);
        bool both = shared || __c11_atomic_load(&target->references, __ATOMIC_RELAXED) != 1;
        if (entry_is_table(entry, table->level)) {
            table_count(target, both, q);
        } else {
            q->pages++;
            q->shared += both;
        }
    }
}

static void memory_describe(struct process *p, struct query_memory *q) {
    *q = (struct query_memory){
        .number = p->number,
        .state = p->state,
        .limit = p->account.limit,
        .objects = p->account.objects,
    };
    memcpy(q->name, p->name, sizeof(q->name));
    spinlock_acquire(&p->space.lock);
    q->used = p->account.used;
    if (p->space.root != 0) {
        const struct frame *root = space_root(&p->space);
        q->charge = root->charge;
        q->pinned = root->pinned;
        table_count(root, false, q);
    }
    spinlock_release(&p->space.lock);
}

static uint64_t query_memory(void *page, uint64_t index) {
    struct process *p = process_from((uint32_t)index);
    if (p == nullptr)
        return 0;
    memory_describe(p, page);
    process_release(p);
    return 1;
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
            .space_keeps = c->space_keeps,
            .page_flushes = c->page_flushes,
            .flush_ipis = c->flush_ipis,
            .wake_ipis = c->wake_ipis,
            .interrupts = c->interrupts,
            .spurious = c->spurious,
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

// What is mapped with the RAM and is nobody's.
static uint64_t query_firmware(void *page, uint64_t number) {
    static constexpr uint64_t LIMIT = (LAYOUT_FRAMES - LAYOUT_DIRECT_MAP) >> PAGE_BITS;
    if (number >= LIMIT)
        return 0;
    const void *from = physical_to_virtual(number << PAGE_BITS);
    const struct frame *frame = frame_of(number << PAGE_BITS);
    if ((frame != nullptr && frame->state != FRAME_RESERVED) || !paging_is_mapped((uint64_t)from))
        return 0;
    page_copy(page, from);
    return 1;
}

bool query_fill(uint32_t topic, uint64_t index, void *page, uint64_t *count) {
    switch (topic) {
    case QUERY_MACHINE:
        *count = index == 0 ? query_machine(page) : 0;
        return true;
    case QUERY_PROCESSES:
        *count = query_processes(page, index);
        return true;
    case QUERY_MEMORY:
        *count = query_memory(page, index);
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
    case QUERY_CRASH:
        *count = crash_find((uint32_t)index, page);
        return true;
    case QUERY_SYMBOL:
        symbol_describe(index, page, PAGE_SIZE);
        *count = strlen(page);
        return true;
    case QUERY_FIRMWARE:
        *count = query_firmware(page, index);
        return true;
    default:
        return false;
    }
}
