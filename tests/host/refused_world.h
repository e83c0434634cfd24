// All that there is when an operation is refused, and a picture of it. Included once, by the test.
#pragma once

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
