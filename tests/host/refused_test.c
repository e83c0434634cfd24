// Every allocation of every system call on memory, processes, ports and handles failed in turn, and
// every limit lowered to each number of frames that does not suffice: what is refused has changed
// nothing, by a comparison of all that there is before and after, and succeeds in the end.
//
// sources: kernel/message/begin.c
// sources: tests/host/harts/kernel.c kernel/message/call.c kernel/message/reply.c
// sources: kernel/message/receive.c
// sources: kernel/message/port.c kernel/message/handle.c kernel/message/object.c
// sources: kernel/message/touch.c kernel/interrupt/exception.c kernel/memory/fault_fast.c
// sources: kernel/message/system_object.c kernel/hart/system_process.c
// sources: kernel/hart/process_end.c
// sources: kernel/hart/process.c kernel/hart/thread.c kernel/hart/schedule.c kernel/hart/time.c
// sources: kernel/hart/quiet.c kernel/hart/task.c kernel/memory/heap.c kernel/memory/space.c
// sources: kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c kernel/memory/free.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/query.c kernel/memory/fork.c kernel/memory/move.c
// sources: kernel/memory/evict.c
// sources: kernel/memory/protect.c kernel/memory/system_memory.c kernel/debug/check_memory.c
// sources: kernel/memory/tlb.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/debug/canary.c kernel/memory/account.c
// sources: kernel/sync/spinlock.c tests/host/harts/memory.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "hal/vector.h"
#include "interrupt/exception.h"
#include "memory/internal.h"
#include "message/system_call.h"
#include "three.h"

static constexpr uaddr_t GIGABYTE = 1 << 30, TERABYTE = 1ull << 40;
static constexpr uaddr_t PAGES = 0x1000'0000;   // some of level 1 and ZERO
static constexpr uaddr_t LARGE = TERABYTE;      // a ZERO of level 3, its first page written
static constexpr uaddr_t COPY = 2 * TERABYTE;   // its clone
static constexpr uaddr_t NEW = 3 * TERABYTE;    // nothing, and no table
static constexpr uaddr_t WINDOWS = 4 * TERABYTE;
static constexpr uaddr_t HOLED = 5 * TERABYTE;  // a ZERO of level 2 without its tenth page, cloned

static constexpr uaddr_t BLOCK = 6 * TERABYTE;  // a large page of level 2, cloned
static constexpr uaddr_t SPLIT = BLOCK + GIGABYTE / 512; // another, made a table

static struct process *fresh; // has not started; made by A

// --- all that there is ---------------------------------------------------------------------------

struct snapshot {
    struct {
        uint64_t used, limit, objects, contents;
        uint32_t handles, heap_frames, watching, loans, live;
        uint64_t sums[2];
    } process[4];
    uint32_t objects[OBJECT_TYPES];
    uint64_t kernel_used, pages, tables, object_frames;
};

// Contents of a space as a sum over its pages: who stands where with which rights. It does not
// depend on which tables say so, since tables of ZERO and copies of tables that are shared may come
// at any time. `number`: of the first page.
static uint64_t contents_of(uint64_t what, uint64_t number, uint64_t pages) {
    uint64_t numbers = pages * number + pages * (pages - 1) / 2;
    return (what * 0x9e37'79b9'7f4a'7c15 + 1) * (pages + numbers);
}

// The same for an entry whose pages have frames of their own, one behind the other.
static uint64_t contents_present(entry_t entry, entry_t marks, uint64_t number, uint64_t pages) {
    uint64_t frame = number_of_frame(entry_frame(entry)), sum = 0;
    for (uint64_t i = 0; i < pages; i++)
        sum += contents_of(marks ^ (frame + i) << 12, number + i, 1);
    return sum;
}

static uint64_t table_contents(const struct frame *table, uint64_t number, struct path *path) {
    uint64_t sum = 0, pages = 1ull << (table->level - 1) * ENTRY_BITS;
    unsigned entries = table->level == LEVELS ? ROOT_ENTRIES : TABLE_ENTRIES;
    for (unsigned i = 0; i < entries; i++, number += pages) {
        entry_t entry = entry_at(table, &table_cells(table)[i]);
        entry_t marks = path_marks(path, entry);
        if (entry_is_table(entry, table->level)) {
            struct path below = {.all = path->all & entry, .any = path->any | entry};
            sum += table_contents(entry_frame(entry), number, &below);
        } else if (entry_present(entry)) {
            sum += contents_present(entry, marks, number, pages);
        } else if (!entry_is(entry, ABSENT_EMPTY)) {
            sum += contents_of(marks ^ entry_absent(entry) ^ entry_value(entry) << 12, number,
                               pages);
        }
    }
    return sum;
}

static struct snapshot snapshot_take(void) {
    struct process *const processes[] = {a, b, c, fresh};
    struct snapshot s;
    memset(&s, 0, sizeof s);
    for (unsigned i = 0; i < 4; i++) {
        const struct process *p = processes[i];
        const struct frame *root = space_root(&p->space);
        struct path path = {.all = ~0ull};
        s.process[i].used = p->account.used;
        s.process[i].limit = p->account.limit;
        s.process[i].objects = p->account.objects;
        s.process[i].contents = table_contents(root, 0, &path);
        s.process[i].handles = p->handles.used;
        s.process[i].heap_frames = p->heap.frames;
        s.process[i].watching = p->watching;
        s.process[i].loans = p->loans;
        s.process[i].live = p->live;
        s.process[i].sums[0] = root->sums[0];
        s.process[i].sums[1] = root->sums[1];
    }
    for (unsigned i = 0; i < hart_count; i++)
        for (unsigned type = 0; type < OBJECT_TYPES; type++)
            s.objects[type] += harts[i]->counters.objects[type];
    struct frame_counts counts;
    while (tables_free_one())
        ;
    frames_count(&counts);
    s.kernel_used = kernel_process.account.used;
    s.pages = counts.page;
    s.tables = counts.table;
    s.object_frames = counts.object;
    return s;
}

static void check_all(void) {
    struct space *const spaces[] = {&a->space, &b->space, &c->space, &fresh->space};
    char text[256] = "";
    memory_check_all(spaces, 4, text, sizeof text);
    CHECK_STRING(text, "");
}

// --- what is there at first ----------------------------------------------------------------------

static void *blocks[4096]; // fill the heaps
static unsigned block_count;
static handle_t b_process, fresh_process, own_port, derived; // handles of A

static parcel_t slots(uaddr_t address, unsigned level, unsigned count, uint64_t rights) {
    return parcel_make(address, level, count, PARCEL_NONE, rights);
}

static void large_make(struct process *process) {
    uint64_t cookie;
    CHECK_EQ(memory_create(&process->space, slots(LARGE, 3, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(space_fault(&process->space, LARGE, ACCESS_WRITE, &cookie), FAULT_RESOLVED);
    CHECK_EQ(space_fault(&process->space, LARGE + PAGE_SIZE, 0, &cookie), FAULT_RESOLVED);
    CHECK_EQ(memory_clone(&process->space, slots(LARGE, 3, 1, 0), COPY), OK);
}

static void block_make(uaddr_t address) {
    uint64_t cookie;
    CHECK_EQ(memory_create(&a->space, slots(address, 2, 1, PARCEL_WRITABLE), MEMORY_LARGE), OK);
    while (space_fault(&a->space, address, 0, &cookie) == FAULT_ZEROING)
        ;
}

static handle_t process_handle(struct process *process) {
    handle_t handle;
    CHECK_EQ(handle_install(a, &process->object, RIGHTS_ALL, 0, &handle), OK);
    return handle;
}

static void all_begin(void) {
    static const char name[16] = "fresh";
    uint64_t handle;
    begin();
    a->account.limit = b->account.limit = c->account.limit = 1ull << 30;
    CHECK_EQ(memory_create(&a->space, slots(PAGES, 1, 4, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    CHECK_EQ(memory_create(&a->space, slots(PAGES + 4 * PAGE_SIZE, 1, 4, PARCEL_WRITABLE),
                           MEMORY_ZERO), OK);
    CHECK_EQ(memory_create(&b->space, slots(PAGES, 1, 4, PARCEL_WRITABLE), MEMORY_PAGES), OK);
    large_make(a);
    CHECK_EQ(memory_create(&a->space, slots(HOLED, 2, 1, PARCEL_WRITABLE), MEMORY_ZERO), OK);
    CHECK_EQ(memory_free(&a->space, slots(HOLED + 9 * PAGE_SIZE, 1, 1, 0)), OK);
    CHECK_EQ(memory_clone(&a->space, slots(HOLED, 2, 1, 0), HOLED + GIGABYTE), OK);
    block_make(BLOCK);
    block_make(SPLIT);
    CHECK_EQ(memory_clone(&a->space, slots(BLOCK, 2, 1, 0), BLOCK + GIGABYTE), OK);
    CHECK_EQ(memory_regroup(&a->space, slots(SPLIT, 2, 1, 0), false), OK);
    CHECK_EQ(slot_prepare(&a->space, slots(WINDOWS, 1, 4, 0), 1), OK);
    CHECK_EQ(slot_prepare(&b->space, slots(WINDOWS, 1, 4, 0), 1), OK);
    // So that a fork needs the tables above the windows, too.
    CHECK_EQ(memory_create(&a->space, slots(WINDOWS + 4 * PAGE_SIZE, 1, 1, 0), MEMORY_ZERO), OK);
    CHECK_EQ(slot_prepare(&b->space, slots(WINDOWS + GIGABYTE, 2, 1, 0), 1), OK);
    CHECK_EQ(process_create(a, 64, name, &fresh), OK);
    fresh->account.limit = 1ull << 30;
    b_process = process_handle(b);
    fresh_process = process_handle(fresh);
    CHECK_EQ(system_port_create(at, 0, &handle), OK);
    own_port = (handle_t)handle;
    CHECK_EQ(system_port_derive(at, program_object(at, own_port), 1, RIGHTS_ALL, &handle), OK);
    derived = (handle_t)handle;
    block_count = 0;
}

static void all_end(void) {
    while (block_count != 0)
        heap_free(blocks[--block_count]);
    process_end(fresh, END_KILLED, 0, 0, 0);
    process_release(fresh);
    end();
}

// From now on a process's next object of any size needs a frame.
static void heap_fill(struct process *process) {
    uint64_t limit = process->account.limit;
    process->account.limit = process->account.used;
    for (size_t size = HEAP_SMALLEST; size <= HEAP_LARGEST; size *= 2)
        while (heap_allocate(&process->heap, size, &blocks[block_count]) == OK)
            block_count++;
    process->account.limit = limit;
}

// ... and its next handle a larger table.
static void handles_fill(struct process *process) {
    uint64_t limit = process->account.limit;
    handle_t handle;
    process->account.limit = process->account.used;
    while (handle_install(process, &b->object, RIGHT_TRANSFER, 0, &handle) == OK)
        ;
    process->account.limit = limit;
}

// --- operations ----------------------------------------------------------------------------------

static constexpr uint64_t W = PARCEL_WRITABLE;
static uint64_t result;

static status_t touch(uaddr_t address, uint8_t access) {
    uint64_t cookie;
    enum fault_outcome outcome = space_fault(&a->space, address, access, &cookie);
    CHECK(outcome == FAULT_RESOLVED || outcome == FAULT_NO_FRAME);
    return outcome == FAULT_RESOLVED ? OK : ERR_NO_FRAME;
}

static status_t move(uaddr_t from, unsigned level, enum parcel_mode mode) {
    return system_parcel_move(at, b, parcel_make(from, level, 1, mode, W), NEW);
}

static status_t pass(uaddr_t from, unsigned level, enum parcel_mode mode) {
    static const struct acceptance anything = {.charge = 1000, .flags = ACCEPT_HOLES};
    parcel_t landed;
    uint64_t charge;
    status_t status = parcel_pass(&a->space, parcel_make(from, level, 1, mode, 0), false, &b->space,
                                  &anything, &landed, &charge);
    tlb_wait();
    return status;
}

// A calls B, which waits, with a message of whatever kind; the call's error.
static status_t call_b(parcel_t parcel, handle_t handle) {
    if (bt->port == nullptr)
        program_receive(bt, b_port, 0);
    bt->acceptance = (struct acceptance){.charge = 1000, .handles = 4, .flags = ACCEPT_HOLES};
    program_run(at);
    at->registers = (struct registers){.rdi = a_call, .rdx = parcel, .r8 = handle,
                                       .rsi = (uint64_t)RIGHTS_ALL << TAG_RIGHTS_SHIFT,
                                       .rip = at->registers.rip, .rsp = at->registers.rsp};
    message_call(at);
    kernel_settle();
    return at->call.word % 256 == CALL_TAKEN ? OK : program_status(at);
}

static status_t create_1(void) { return system_memory_create(at, 0, slots(NEW, 1, 1, W), 0); }
static status_t create_many(void) { return system_memory_create(at, 0, slots(NEW, 1, 256, W), 0); }
static status_t create_zero_1(void) { return system_memory_create(at, 0, slots(NEW, 1, 3, W), 1); }
static status_t create_zero_2(void) { return system_memory_create(at, 0, slots(NEW, 2, 3, W), 1); }
static status_t create_zero_3(void) { return system_memory_create(at, 0, slots(NEW, 3, 3, W), 1); }
static status_t create_pages_2(void) { return system_memory_create(at, 0, slots(NEW, 2, 1, W), 0); }
static status_t create_cookies(void) {
    return system_memory_create(at, fresh_process, slots(NEW, 1, 3, W),
                                MEMORY_PAGER | 7 << MEMORY_COOKIE_SHIFT);
}
static status_t create_other(void) {
    return system_memory_create(at, b_process, slots(NEW, 1, 2, W), 0);
}
static status_t create_below_shared(void) {
    return system_memory_create(at, 0, slots(HOLED + 9 * PAGE_SIZE, 1, 1, W), 0);
}
static status_t fill(void) {
    return system_memory_create(at, 0, slots(LARGE, 3, 1, W), MEMORY_FILL | 9 << 2);
}
static status_t clone_1(void) { return system_memory_clone(at, slots(PAGES, 1, 4, 0), NEW); }
static status_t clone_2(void) { return system_memory_clone(at, slots(COPY, 2, 2, 0), NEW); }
static status_t clone_3(void) { return system_memory_clone(at, slots(COPY, 3, 1, 0), NEW); }
static status_t clone_below(void) {
    return system_memory_clone(at, slots(COPY + 5 * GIGABYTE / 8, 1, 4, 0), NEW);
}
static status_t fork_all(void) { return system_fork(at, fresh); }
static status_t give_1(void) { return move(PAGES, 1, PARCEL_GIVE); }
static status_t give_2(void) { return move(COPY, 2, PARCEL_GIVE); }
static status_t give_3(void) { return move(COPY, 3, PARCEL_GIVE); }
static status_t give_clone_1(void) { return move(COPY, 1, PARCEL_CLONE); }
static status_t give_clone_3(void) { return move(LARGE, 3, PARCEL_CLONE); }
static status_t prepare_1(void) { return system_slot_prepare(at, slots(NEW, 1, 8, 0), 2); }
static status_t prepare_2(void) { return system_slot_prepare(at, slots(NEW, 2, 8, 0), 8); }
static status_t prepare_3(void) { return system_slot_prepare(at, slots(NEW, 3, 1, 0), 1); }
static status_t protect_shared(void) { return system_memory_protect(at, slots(COPY, 1, 2, 0)); }
static status_t protect_zero(void) {
    return system_memory_protect(at, slots(COPY + 5 * GIGABYTE / 8, 1, 1, 0));
}
static status_t free_shared(void) { return system_memory_free(at, slots(COPY, 1, 2, 0)); }
static status_t free_zero(void) {
    return system_memory_free(at, slots(LARGE + 5 * GIGABYTE / 8, 1, 1, 0));
}
static status_t touch_zero(void) { return touch(LARGE + GIGABYTE / 2, ACCESS_WRITE); }
static status_t read_zero(void) { return touch(COPY + GIGABYTE / 2, 0); }
static status_t break_page(void) { return touch(COPY, ACCESS_WRITE); }
static status_t break_zero_page(void) { return touch(LARGE + PAGE_SIZE, ACCESS_WRITE); }
static status_t mark_shared(void) {
    parcel_t parcel = parcel_make(COPY, 1, 1, PARCEL_LEND, 0);
    status_t status = parcel_mark(&a->space, parcel);
    if (status == OK)
        parcel_unmark(&a->space, parcel);
    return status;
}
static status_t evict(void) {
    uint64_t next;
    result = 0;
    status_t status = memory_evict(&b->space, PAGES, 5, &a->space, NEW, &next, &result);
    CHECK_EQ(result, status == OK ? PAGES : 0);
    return status;
}
static status_t pass_give(void) { return pass(COPY, 1, PARCEL_GIVE); }
static status_t pass_clone(void) { return pass(LARGE + GIGABYTE / 2, 1, PARCEL_CLONE); }
static status_t call_lend(void) { return call_b(parcel_make(COPY, 1, 1, PARCEL_LEND, 0), 0); }
static status_t call_give(void) { return call_b(parcel_make(PAGES, 1, 1, PARCEL_GIVE, 0), 0); }
static status_t call_with_handle(void) { return call_b(0, derived); }

// No block is no frame.
static status_t create_large(void) {
    status_t status = system_memory_create(at, 0, slots(NEW, 2, 2, W), MEMORY_LARGE);
    return status == ERR_NO_RUN ? ERR_NO_FRAME : status;
}
static status_t split_large(void) { return system_memory_split(at, slots(BLOCK, 2, 1, 0)); }
static status_t split_zero(void) {
    return system_memory_split(at, slots(COPY + 5 * GIGABYTE / 8, 2, 1, 0));
}
static status_t join_pages(void) { return system_memory_join(at, slots(SPLIT, 2, 1, 0)); }
static status_t clone_large(void) { return system_memory_clone(at, slots(BLOCK, 2, 1, 0), NEW); }
static status_t clone_in_large(void) { return system_memory_clone(at, slots(BLOCK, 1, 4, 0), NEW); }
static status_t write_large(void) { return touch(BLOCK + GIGABYTE, ACCESS_WRITE); }
static status_t free_in_large(void) { return system_memory_free(at, slots(BLOCK, 1, 2, 0)); }
static status_t pass_large(void) { return pass(BLOCK, 2, PARCEL_GIVE); }
static status_t pass_clone_large(void) { return pass(BLOCK, 2, PARCEL_CLONE); }
static status_t lend_in_large(void) { return call_b(parcel_make(BLOCK, 1, 1, PARCEL_LEND, 0), 0); }
static status_t give_large(void) { return move(BLOCK, 2, PARCEL_GIVE); }

static status_t port_new(void) { return system_port_create(at, 0, &result); }
static status_t port_handle(void) {
    return system_port_derive(at, program_object(at, own_port), 2, RIGHTS_ALL, &result);
}
static status_t notification_new(void) {
    return system_notification_create(at, program_object(at, own_port), 0, &result);
}
static status_t call_new(void) {
    return system_call_create(at, program_object(at, own_port), 0, &result);
}
static status_t duplicate(void) { return system_handle_duplicate(at, derived, 0xff, &result); }
static status_t process_new(void) { return system_process_create(at, 64, 'n', 0, &result); }
static status_t thread_own(void) {
    return system_thread_create(at, a, 0x40'0000, 0x80'0000, 0, &result);
}
static status_t grant(void) {
    return system_process_grant(at, b, derived, 0xff, 0, &result);
}
static status_t paged(void) {
    return system_process_paged(at, program_object(at, own_port), fresh->number, &result);
}
static status_t watch(void) { return system_process_watch(at, b_process, 0, own_port, 0); }
static void page_fresh(void) {
    struct port *port = (struct port *)handle_entry(a, own_port)->object;
    CHECK_EQ(process_pager_set(fresh, a, port, 0, 0), OK);
}
// A has a fault of `fresh` in its hand, where nothing is, or a cookie.
static void touch_empty(void) {
    struct thread *thread;
    page_fresh();
    CHECK_EQ(thread_create(fresh, 0x40'0000, 0x80'0000, 0, &thread), OK);
    thread->hart = harts[0];
    CHECK_EQ(thread_start(thread), OK);
    object_release(&thread->object);
    program_run(thread);
    host_fault_address = NEW;
    CHECK(!page_fault_resolve(0));
    exception_of_program(thread, VECTOR_PAGE_FAULT, 0);
    program_receive(at, own_port, 0);
}
static void touch_cookie(void) {
    CHECK_EQ(memory_create(&fresh->space, slots(NEW, 1, 1, W), MEMORY_PAGER), OK);
    touch_empty();
}
static status_t answer(enum parcel_mode mode) {
    program_run(at);
    at->registers = (struct registers){.rdx = parcel_make(COPY, 1, 1, mode, W),
                                       .rip = at->registers.rip, .rsp = at->registers.rsp};
    message_reply(at);
    return program_status(at);
}
static status_t answer_give(void) { return answer(PARCEL_GIVE); }
static status_t answer_clone(void) { return answer(PARCEL_CLONE); }
static status_t keep(void) {
    program_receive(bt, b_port, 0);
    program_call(at, a_call, 1, 0, 0);
    handle_t reply = program_keep(bt);
    status_t status = program_status(bt);
    program_reply(bt, status == OK ? reply : HANDLE_NONE, 0);
    CHECK_EQ(program_status(bt), OK);
    program_run(at);
    return status;
}

enum what_changes : uint8_t {
    BREAKS = 1 << 0, // tables of its own may come although it is refused
    FILLS = 1 << 1,  // what could be filled stays
};

// Who gets a full heap, and whose next handle needs a larger table; who pays.
enum who : uint8_t { NOBODY, A, B, FRESH };

static const struct operation {
    const char *name;
    status_t (*run)(void);
    unsigned frames;  // at how many allocations it fails
    unsigned charges; // with how many limits, at least
    enum who heap, table, payer;
    uint8_t changes;
    void (*prepare)(void);
} operations[] = {
    {"create a page", create_1, 4, 4, NOBODY, NOBODY, A, 0, nullptr},
    {"create 256 pages", create_many, 153, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create ZERO, level 1", create_zero_1, 3, 6, NOBODY, NOBODY, A, 0, nullptr},
    {"create ZERO, level 2", create_zero_2, 2, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create ZERO, level 3", create_zero_3, 1, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create pages, level 2", create_pages_2, 2, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"create cookies", create_cookies, 3, 6, NOBODY, NOBODY, FRESH, 0, page_fresh},
    {"answer a fault", answer_give, 5, 4, NOBODY, NOBODY, FRESH, BREAKS, touch_empty},
    {"answer a fault with a clone", answer_clone, 5, 4, NOBODY, NOBODY, FRESH, BREAKS, touch_empty},
    {"answer with a cookie's page", answer_give, 2, 0, NOBODY, NOBODY, FRESH, BREAKS, touch_cookie},
    {"create in another process", create_other, 5, 5, NOBODY, NOBODY, B, 0, nullptr},
    {"create below a shared way", create_below_shared, 2, 1, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"fill", fill, 66, 0, NOBODY, NOBODY, A, BREAKS | FILLS, nullptr},
    {"clone pages", clone_1, 3, 7, NOBODY, NOBODY, A, 0, nullptr},
    {"clone tables below a shared way", clone_2, 3, 20, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"clone 1 GiB", clone_3, 1, 20, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"clone pages of a ZERO", clone_below, 5, 7, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"fork", fork_all, 3, 0, NOBODY, NOBODY, NOBODY, 0, nullptr},
    {"give a page", give_1, 3, 4, NOBODY, NOBODY, B, 0, nullptr},
    {"give a table below a shared way", give_2, 3, 20, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"give 1 GiB", give_3, 1, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"give a clone below a shared way", give_clone_1, 5, 4, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"give a clone of 1 GiB", give_clone_3, 1, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"prepare slots of pages", prepare_1, 3, 3, NOBODY, NOBODY, A, 0, nullptr},
    {"prepare slots of level 2", prepare_2, 2, 2, NOBODY, NOBODY, A, 0, nullptr},
    {"prepare slots of level 3", prepare_3, 1, 1, NOBODY, NOBODY, A, 0, nullptr},
    {"protect below a shared way", protect_shared, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"protect below a ZERO", protect_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"free below a shared way", free_shared, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"free below a ZERO", free_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"first touch", touch_zero, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"first touch, reading", read_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"write to a shared page", break_page, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"write to a page of zeros", break_zero_page, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"create large pages", create_large, 4, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"split a large page", split_large, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"split a ZERO below a shared way", split_zero, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"join pages", join_pages, 0, 0, NOBODY, NOBODY, A, 0, nullptr},
    {"clone a large page", clone_large, 2, 20, NOBODY, NOBODY, A, 0, nullptr},
    {"clone part of a large page", clone_in_large, 5, 7, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"write to a shared large page", write_large, 3, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"free part of a large page", free_in_large, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"pass a large page", pass_large, 0, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"pass a clone of a large page", pass_clone_large, 0, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"lend part of a large page", lend_in_large, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"give a large page", give_large, 2, 20, NOBODY, NOBODY, B, 0, nullptr},
    {"mark for a message", mark_shared, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"evict", evict, 3, 4, NOBODY, NOBODY, A, 0, nullptr},
    {"pass a gift", pass_give, 2, 1, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"pass a clone", pass_clone, 2, 1, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"lend in a call", call_lend, 2, 0, NOBODY, NOBODY, A, BREAKS, nullptr},
    {"give in a call", call_give, 0, 1, NOBODY, NOBODY, B, BREAKS, nullptr},
    {"a handle in a call", call_with_handle, 2, 3, B, B, B, 0, nullptr},
    {"new port", port_new, 1, 1, A, NOBODY, A, 0, nullptr},
    {"new port, table full", port_new, 3, 4, A, A, A, 0, nullptr},
    {"derive", port_handle, 2, 3, A, A, A, 0, nullptr},
    {"new notification", notification_new, 3, 4, A, A, A, 0, nullptr},
    {"new call", call_new, 3, 4, A, A, A, 0, nullptr},
    {"duplicate", duplicate, 2, 3, A, A, A, 0, nullptr},
    {"new process", process_new, 5, 64, A, A, A, 0, nullptr},
    {"new thread", thread_own, 1, 1, A, NOBODY, A, 0, nullptr},
    {"new thread, table full", thread_own, 3, 4, A, A, A, 0, nullptr},
    {"grant", grant, 2, 3, B, B, B, 0, nullptr},
    {"a process by its number", paged, 2, 3, A, A, A, 0, page_fresh},
    {"watch", watch, 1, 1, A, NOBODY, A, 0, nullptr},
    {"keep a request", keep, 3, 4, B, B, B, 0, nullptr},
};
static constexpr unsigned OPERATIONS = sizeof operations / sizeof *operations;

static struct process *who(enum who whom) {
    return whom == A ? a : whom == B ? b : whom == FRESH ? fresh : nullptr;
}

static void operation_begin(const struct operation *operation) {
    all_begin();
    if (operation->prepare != nullptr)
        operation->prepare();
    if (operation->table != NOBODY)
        handles_fill(who(operation->table));
    if (operation->heap != NOBODY)
        heap_fill(who(operation->heap));
    kernel_settle();
}

// Whatever a refused operation left behind is over: compares all with what was before.
static bool unchanged(const struct operation *operation, const struct snapshot *before) {
    kernel_settle();
    struct snapshot now = snapshot_take();
    if (operation->changes & BREAKS) {
        bool more = now.tables >= before->tables && now.tables <= before->tables + 3;
        now.tables = more ? before->tables : now.tables;
    }
    if ((operation->changes & FILLS) && now.pages >= before->pages) {
        now.pages = before->pages;
        now.process[0].contents = before->process[0].contents;
    }
    check_all();
    return memcmp(&now, before, sizeof now) == 0;
}

static void operation_fail(const struct operation *operation, const char *what, status_t is) {
    printf("%s: %s (%d)\n", operation->name, what, is);
    CHECK(!"a refused operation has changed nothing");
}

// Fails one allocation, from the beginning; after that nothing stands in the way.
static status_t allocation_fail(const struct operation *operation, unsigned allocation) {
    operation_begin(operation);
    struct snapshot before = snapshot_take();
    frames_fail_at(allocation);
    status_t status = operation->run();
    frames_fail_at(0);
    if (status == ERR_NO_FRAME) {
        if (!unchanged(operation, &before))
            operation_fail(operation, "something has changed after allocation", (int)allocation);
        status_t again = operation->run();
        if (again != OK)
            operation_fail(operation, "ended at the second try with", again);
    }
    kernel_settle();
    check_all();
    all_end();
    return status;
}

TEST(a_failed_allocation_changes_nothing) {
    for (const struct operation *o = operations; o < operations + OPERATIONS; o++) {
        unsigned failed = 0;
        status_t status;
        while ((status = allocation_fail(o, failed + 1)) == ERR_NO_FRAME)
            failed++;
        if (status != OK)
            operation_fail(o, "ended with", status);
        if (failed != o->frames)
            operation_fail(o, "failed at so many allocations", (int)failed);
    }
}

TEST(cookies_are_made_by_the_pager_alone) {
    all_begin();
    CHECK_EQ(create_cookies(), ERR_NOT_ALLOWED); // it has none
    CHECK_EQ(paged(), ERR_NOT_ALLOWED);
    page_fresh();
    CHECK_EQ(system_memory_create(at, 0, slots(NEW, 1, 3, W), MEMORY_PAGER), ERR_NOT_ALLOWED);
    CHECK_EQ(create_cookies(), OK);
    struct port *port = program_object(at, own_port);
    CHECK_EQ(system_process_paged(at, port, b->number, &result), ERR_NOT_ALLOWED);
    CHECK_EQ(system_process_paged(at, port, ~0u, &result), ERR_ENDED);
    all_end();
}

TEST(a_thread_that_comes_too_late_leaves_no_handle) {
    all_begin();
    uint32_t used = a->handles.used, live = a->live;
    process_end(a, END_KILLED, 0, 0, 0);
    CHECK_EQ(system_thread_create(at, a, 0x40'0000, 0x80'0000, 0, &result), ERR_ENDED);
    CHECK_EQ(a->handles.used, used);
    CHECK_EQ(a->live, live);
    all_end();
}

TEST(what_the_account_cannot_pay_changes_nothing) {
    for (const struct operation *o = operations; o < operations + OPERATIONS; o++) {
        if (o->charges == 0)
            continue;
        operation_begin(o);
        struct account *account = &who(o->payer)->account;
        status_t status = ERR_NO_MEMORY;
        uint64_t limit = account->limit, most = 0;
        unsigned failed = 0;
        for (uint64_t more = 0; more < 1ull << 21; more += more < 80 ? 1 : more / 3) {
            account->limit = account->used + more;
            struct snapshot before = snapshot_take();
            status = o->run();
            if (status != ERR_NO_MEMORY)
                break;
            failed++;
            most = more;
            if (!unchanged(o, &before))
                operation_fail(o, "something has changed with so many frames left", (int)more);
        }
        if (status != OK)
            operation_fail(o, "ended with", status);
        if (failed < o->charges)
            operation_fail(o, "refused so many limits alone, and", (int)failed);
        kernel_settle();
        CHECK(account->used <= account->limit && most < account->limit);
        check_all();
        account->limit = limit;
        all_end();
    }
}

TEST(a_fork_is_refused_by_the_childs_account) {
    all_begin();
    uint64_t charge = space_root(&a->space)->charge, used = fresh->account.used;
    for (uint64_t more = 0; more < charge - 1; more += 1 + more / 2) {
        fresh->account.limit = used + more;
        struct snapshot before = snapshot_take();
        CHECK_EQ(system_fork(at, fresh), ERR_NO_MEMORY);
        CHECK_EQ(fresh->account.used, used);
        kernel_settle();
        struct snapshot now = snapshot_take();
        CHECK(memcmp(&now, &before, sizeof now) == 0);
        check_all();
    }
    fresh->account.limit = used + charge - 1;
    CHECK_EQ(system_fork(at, fresh), OK);
    CHECK_EQ(fresh->account.used, fresh->account.limit);
    all_end();
}
