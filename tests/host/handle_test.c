// The handle table: nothing but a handle names anything, however the table grows.
//
// sources: kernel/message/begin.c kernel/message/system_object.c
// sources: tests/host/harts/kernel.c kernel/message/call.c kernel/message/reply.c
// sources: kernel/message/receive.c
// sources: kernel/message/touch.c kernel/interrupt/exception.c kernel/memory/fault_fast.c
// sources: kernel/memory/move.c
// sources: kernel/message/port.c kernel/message/handle.c kernel/message/object.c
// sources: kernel/message/handle_batch.c
// sources: kernel/hart/process_end.c
// sources: kernel/hart/process.c kernel/hart/thread.c kernel/hart/schedule.c kernel/hart/time.c
// sources: kernel/hart/quiet.c kernel/hart/task.c kernel/memory/heap.c kernel/memory/space.c
// sources: kernel/memory/path.c kernel/memory/entry.c kernel/memory/create.c kernel/memory/free.c
// sources: kernel/memory/parcel.c kernel/memory/pass.c kernel/memory/landing.c
// sources: kernel/memory/fault.c kernel/memory/query.c
// sources: kernel/memory/tlb.c kernel/memory/frame.c kernel/memory/frame_cache.c
// sources: kernel/memory/buddy.c kernel/debug/canary.c kernel/memory/account.c
// sources: kernel/sync/spinlock.c tests/host/harts/memory.c
// sources: kernel/memory/large.c kernel/memory/split.c
// defines: BATON_DEBUG=1
#include "kernel.h"
#include "message/system_call.h"
#include "test.h"

#include <stdlib.h>

static struct process *one, *two;
static struct port *port;
static handle_t receive_right;

static void begin(void) {
    static bool started;
    static const char name[16] = "holder";
    if (!started)
        kernel_start(1);
    started = true;
    CHECK_EQ(process_create(&kernel_process, 3000, name, &one), OK);
    CHECK_EQ(process_create(&kernel_process, 64, name, &two), OK);
    CHECK_EQ(port_create(&kernel_process, 0, &port), OK);
    CHECK_EQ(handle_install(one, &port->object, RIGHT_RECEIVE | RIGHT_TRANSFER, 0, &receive_right),
             OK);
    object_release(&port->object);
}

static void end(void) {
    process_release(one);
    process_release(two);
    kernel_settle();
    CHECK(process_from(1) == nullptr);
}

static handle_t install(rights_t rights) {
    handle_t handle = HANDLE_NONE;
    CHECK_EQ(handle_install(one, &port->object, rights, 0, &handle), OK);
    return handle;
}

static handle_t install_badge(struct process *process, uint32_t badge) {
    static constexpr rights_t all = RIGHT_CALL | RIGHT_TRANSFER | RIGHT_DUPLICATE;
    handle_t handle = HANDLE_NONE;
    CHECK_EQ(handle_install(process, &port->object, all, badge, &handle), OK);
    return handle;
}

// No value leads to an entry that is not its own, by the whole index or by one cut to the table's
// size, as the fast path cuts it.
static void entries_check(struct process *process) {
    const struct handle_table *table = &process->handles;
    for (uint64_t i = 0; i <= table->index_mask; i++) {
        const struct handle_entry *entry = &table->entries[i];
        const handle_t values[] = {entry->handle, entry->call_handle, entry->receive_handle};
        bool open = (entry->handle & 0xffff) == i && i != 0;
        for (unsigned v = 0; v < 3; v++)
            CHECK((values[v] & table->index_mask) != i || (open && values[v] == entry->handle));
        CHECK(!open || (entry->call_handle == entry->handle) ==
                           (entry->type == OBJECT_PORT && (entry->rights & RIGHT_CALL)));
        CHECK(!open || (entry->receive_handle == entry->handle) ==
                           (entry->type == OBJECT_PORT && (entry->rights & RIGHT_RECEIVE)));
    }
}

TEST(random_numbers_name_nothing) {
    begin();
    for (unsigned i = 0; i < 300; i++)
        (void)install(RIGHT_CALL);
    entries_check(one);
    unsigned found = 0;
    srand(3);
    for (unsigned i = 0; i < 1'000'000; i++)
        found += handle_entry(one, (handle_t)rand() | 1u << 31) != nullptr;
    CHECK_EQ(found, 0);
    CHECK(handle_entry(one, HANDLE_NONE) == nullptr);
    CHECK(handle_entry(one, 0xffff) == nullptr);
    end();
}

// Frames that hold something else, for the table to grow into.
static void frames_dirty(unsigned order) {
    struct frame *frame;
    CHECK_EQ(frame_allocate(order, FRAME_OBJECT, &frame), OK);
    memset(frame_contents(frame), 0xa5, PAGE_SIZE << order);
    frame_free(frame, order);
}

static void fresh_check(struct process *process) {
    const struct handle_table *table = &process->handles;
    static const struct handle_entry nothing;
    for (uint64_t i = table->fresh; i <= table->index_mask; i++) {
        CHECK(memcmp(&table->entries[i], &nothing, sizeof nothing) == 0);
        for (handle_t generation = 0; generation < 4; generation++)
            CHECK(handle_entry(process, (handle_t)i | generation << 16) == nullptr);
    }
}

TEST(entries_are_made_when_first_used) {
    begin();
    CHECK_EQ(one->handles.fresh, 2);
    fresh_check(one);
    for (unsigned order = 1; order < 4; order++) {
        frames_dirty(order);
        while (one->handles.order < order)
            (void)install(RIGHT_CALL);
        CHECK_EQ(one->handles.fresh, one->handles.used + 1);
        fresh_check(one);
        entries_check(one);
    }
    unsigned index = 0;
    while (!handles_close_some(one, &index, 16))
        entries_check(one);
    CHECK_EQ(index, one->handles.fresh);
    CHECK_EQ(one->handles.used, 0);
    fresh_check(one);
    end();
}

TEST(a_closed_handle_stays_closed) {
    begin();
    handle_t handle = install(RIGHT_CALL);
    CHECK_EQ(handle_close(one, handle), OK);
    for (unsigned i = 0; i < 1000; i++) {
        handle_t next = install(RIGHT_CALL);
        CHECK(next != handle);
        CHECK(handle_entry(one, handle) == nullptr);
        CHECK_EQ(handle_close(one, next), OK);
        CHECK_EQ(handle_close(one, next), ERR_BAD_HANDLE);
    }
    entries_check(one);
    end();
}

TEST(grows_to_its_end) {
    static handle_t handles[1 << 16];
    unsigned count = 0;
    begin();
    while (handle_install(one, &port->object, RIGHT_CALL, count, &handles[count]) == OK)
        count++;
    CHECK_EQ(count, 65534); // all but index 0 and the receive right
    handle_t more;
    CHECK_EQ(handle_install(one, &port->object, RIGHT_CALL, 0, &more), ERR_NO_HANDLE);
    entries_check(one);
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(handle_entry(one, handles[i])->badge >> BADGE_OWNER_SHIFT, i);
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(handle_close(one, handles[i]), OK);
    entries_check(one);
    CHECK_EQ(one->handles.used, 1);
    end();
}

TEST(refused_at_the_limit) {
    begin();
    uint64_t limit = one->account.limit;
    one->account.limit = one->account.used;
    unsigned count = 1;
    handle_t handle;
    status_t status;
    while ((status = handle_install(one, &port->object, RIGHT_CALL, 0, &handle)) == OK)
        count++;
    CHECK_EQ(status, ERR_NO_MEMORY);
    CHECK_EQ(count, PAGE_SIZE / sizeof(struct handle_entry) - 1);
    one->account.limit = limit;
    CHECK_EQ(handle_install(one, &port->object, RIGHT_CALL, 0, &handle), OK);
    end();
}

static status_t duplicate(struct process *process, handle_t handle, rights_t rights,
                          handle_t *copy) {
    struct thread thread = {.process = process};
    uint64_t result = 0;
    status_t status = system_handle_duplicate(&thread, handle, rights, &result);
    *copy = (handle_t)result;
    return status;
}

TEST(rights_only_shrink) {
    begin();
    handle_t all = install(RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER), copy, none;
    CHECK_EQ(duplicate(one, all, RIGHT_CALL | RIGHT_RECEIVE, &copy), OK);
    CHECK_EQ(handle_entry(one, copy)->rights, RIGHT_CALL);
    CHECK_EQ(duplicate(one, copy, RIGHTS_ALL, &none), ERR_NO_RIGHT);
    CHECK_EQ(duplicate(one, receive_right, RIGHTS_ALL, &none), ERR_NO_RIGHT);
    CHECK_EQ(duplicate(one, all ^ 1 << 20, RIGHTS_ALL, &none), ERR_BAD_HANDLE);
    status_t status;
    CHECK(handle_look_up(one, copy, OBJECT_PORT, RIGHT_RECEIVE, &status) == nullptr);
    CHECK_EQ(status, ERR_NO_RIGHT);
    CHECK(handle_look_up(one, copy, OBJECT_THREAD, 0, &status) == nullptr);
    CHECK_EQ(status, ERR_WRONG_TYPE);
    end();
}

static void revoke_piece(uint32_t badge, uint64_t count, uint64_t *from) {
    uint64_t next = 0;
    CHECK_EQ(system_port_revoke(nullptr, port, badge, count, *from, &next), OK);
    *from = next;
}

static void revoke(uint32_t badge, uint64_t count) {
    uint64_t from = 0;
    do
        revoke_piece(badge, count, &from);
    while (from != 0);
    CHECK_EQ(port->revoked_count, 0);
}

// How many handles with badges from one on may call the port.
static unsigned callers_with(struct process *process, uint32_t badge, uint64_t count) {
    const struct handle_table *table = &process->handles;
    unsigned callers = 0;
    entries_check(process);
    for (unsigned i = 1; i < table->fresh; i++) {
        const struct handle_entry *entry = &table->entries[i];
        if ((uint16_t)entry->handle == i && (entry->rights & RIGHT_CALL))
            callers += (entry->badge >> BADGE_OWNER_SHIFT) - badge < count;
    }
    return callers;
}

TEST(revoked_handles_may_not_call) {
    static constexpr unsigned MANY = 300; // three pieces of a table
    static handle_t many[MANY];
    struct port *other;
    handle_t to_other;
    begin();
    CHECK_EQ(port_create(&kernel_process, 0, &other), OK);
    CHECK_EQ(handle_install(one, &other->object, RIGHT_CALL, 2, &to_other), OK);
    object_release(&other->object);
    for (unsigned i = 0; i < MANY; i++)
        many[i] = install_badge(one, i % 5);
    handle_t far = install_badge(two, 2), last = install_badge(two, ~0u);
    CHECK_EQ(handle_close(one, many[7]), OK);
    revoke(2, 1);
    CHECK_EQ(callers_with(one, 0, 5), 4 * MANY / 5 + 1); // with the other port's
    CHECK(handle_entry(one, to_other)->rights == RIGHT_CALL);
    CHECK_EQ(callers_with(two, 0, 1ull << 32), 1);
    status_t status;
    CHECK(handle_look_up(two, far, OBJECT_PORT, RIGHT_CALL, &status) == nullptr);
    CHECK_EQ(status, ERR_NO_RIGHT);
    CHECK_EQ(handle_entry(two, far)->rights, RIGHT_TRANSFER | RIGHT_DUPLICATE);
    CHECK_EQ(callers_with(one, 2, 1), 1);
    (void)install_badge(one, 2); // made since, and good
    CHECK_EQ(callers_with(one, 2, 1), 2);
    revoke(0, 1ull << 32);
    CHECK_EQ(callers_with(one, 0, 1ull << 32), 1);
    CHECK(handle_look_up(two, last, OBJECT_PORT, RIGHT_CALL, &status) == nullptr);
    CHECK(handle_look_up(one, receive_right, OBJECT_PORT, RIGHT_RECEIVE, &status) != nullptr);
    for (unsigned i = 0; i < MANY; i++)
        CHECK_EQ(handle_close(one, many[i]), i == 7 ? ERR_BAD_HANDLE : OK);
    end();
}

// Handles that move from where it has not looked yet to where it has, or are doubled there.
TEST(what_moves_while_it_is_revoked_is_revoked) {
    for (unsigned moves_at = 0;; moves_at++) {
        begin();
        for (unsigned i = 0; i < 200; i++)
            (void)install_badge(one, i == 150 ? 9 : 1);
        handle_t moved = install_badge(two, 9), doubled;
        uint64_t from = 0;
        unsigned pieces = 0;
        do {
            if (pieces++ == moves_at) {
                struct handle_batch b = {.low = moved};
                b.tag = 1ull << TAG_MOVE_SHIFT | 0xffull << TAG_RIGHTS_SHIFT;
                CHECK_EQ(duplicate(two, moved, RIGHT_CALL, &doubled), OK);
                CHECK_EQ(handles_pass(two, one, nullptr, &b), OK);
            }
            revoke_piece(9, 1, &from);
        } while (from != 0);
        CHECK_EQ(callers_with(one, 9, 1), 0);
        CHECK_EQ(callers_with(two, 9, 1), 0);
        CHECK_EQ(callers_with(one, 1, 1), 199);
        end();
        if (moves_at > pieces)
            break;
        CHECK(pieces > 4);
    }
}

// Of a process that has ended there is no table any more; a port that is closed revokes nothing.
TEST(revoking_passes_over_the_dead) {
    begin();
    (void)install_badge(two, 1);
    process_end(two, END_KILLED, 0, 0, 0);
    kernel_settle();
    CHECK_EQ(two->state, PROCESS_ENDED);
    revoke(0, 1ull << 32);
    uint64_t from = 0;
    revoke_piece(1, 1, &from);
    CHECK_EQ(port->revoked_count, 1);
    struct port *same = port;
    object_reference(&same->object);
    CHECK_EQ(handle_close(one, receive_right), OK);
    CHECK_EQ(same->revoked_count, 0);
    object_release(&same->object);
    end();
}

static struct handle_batch batch(handle_t a, handle_t b, unsigned moved, uint64_t rights) {
    return (struct handle_batch){.tag = 5 | (uint64_t)moved << TAG_MOVE_SHIFT |
                                        rights << TAG_RIGHTS_SHIFT,
                                 .low = a | (uint64_t)b << 32};
}

TEST(batches_move_and_duplicate) {
    begin();
    handle_t moved = install(RIGHT_CALL | RIGHT_TRANSFER);
    handle_t kept = install(RIGHT_CALL | RIGHT_TRANSFER | RIGHT_DUPLICATE);
    struct handle_batch b = batch(moved, kept, 1, 0xff | RIGHT_CALL << 8);
    CHECK_EQ(handles_pass(one, two, nullptr, &b), OK);
    CHECK(handle_entry(one, moved) == nullptr);
    CHECK(handle_entry(one, kept) != nullptr);
    CHECK_EQ(handle_entry(two, (handle_t)b.low)->rights, RIGHT_CALL | RIGHT_TRANSFER);
    CHECK_EQ(handle_entry(two, (handle_t)(b.low >> 32))->rights, RIGHT_CALL);
    CHECK_EQ(b.high, 0);
    CHECK_EQ(b.tag, 5 | 1ull << TAG_MOVE_SHIFT |
                        (uint64_t)(RIGHT_CALL | RIGHT_TRANSFER | RIGHT_CALL << 8) << 32);
    end();
}

TEST(batches_are_refused_whole) {
    begin();
    handle_t good = install(RIGHT_CALL | RIGHT_TRANSFER), fixed = install(RIGHT_CALL);
    const struct {
        struct handle_batch batch;
        status_t status;
    } cases[] = {
        {batch(good, fixed, 3, 0), ERR_NO_RIGHT},   {batch(good, good, 1, 0), ERR_BAD_HANDLE},
        {batch(good, good, 3, 0), ERR_BAD_HANDLE},  {batch(good, 77, 3, 0), ERR_BAD_HANDLE},
        {batch(good, 0, 0, 0), ERR_NO_RIGHT},
        {batch(good, receive_right, 1, 0), ERR_NO_RIGHT},
        {batch(good, receive_right, 3, 0), ERR_NO_RIGHT},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct handle_batch b = cases[i].batch;
        const struct object *through = i == 6 ? &port->object : nullptr;
        CHECK_EQ(handles_pass(one, two, through, &b), cases[i].status);
        CHECK(handle_entry(one, good) != nullptr);
        CHECK_EQ(two->handles.used, 0);
    }
    // Through another port the receive right may go, and takes the right along whatever was said.
    struct handle_batch b = batch(receive_right, 0, 1, 0);
    CHECK_EQ(handles_pass(one, two, nullptr, &b), OK);
    CHECK_EQ(handle_entry(two, (handle_t)b.low)->rights, RIGHT_RECEIVE);
    CHECK(!port->closed);
    CHECK_EQ(handle_close(two, (handle_t)b.low), OK);
    CHECK(port->closed);
    end();
}

TEST(grants_need_a_handle_that_may_travel) {
    begin();
    handle_t handle, granted;
    CHECK_EQ(handle_install(&kernel_process, &port->object, RIGHT_CALL, 0, &handle), OK);
    CHECK_EQ(handle_grant(&kernel_process, HANDLE_NONE, two, 0xff, true, &granted), ERR_BAD_HANDLE);
    CHECK_EQ(handle_grant(&kernel_process, handle ^ 1 << 20, two, 0xff, true, &granted),
             ERR_BAD_HANDLE);
    CHECK_EQ(handle_grant(&kernel_process, handle, two, 0xff, true, &granted), ERR_NO_RIGHT);
    CHECK_EQ(handle_close(&kernel_process, handle), OK);
    end();
}

// Two processes that have not started could keep each other for ever.
TEST(new_processes_hold_no_new_ones) {
    begin();
    handle_t handle, granted;
    CHECK_EQ(handle_install(&kernel_process, &one->object, RIGHT_TRANSFER, 0, &handle), OK);
    CHECK_EQ(handle_grant(&kernel_process, handle, one, 0xff, true, &granted), ERR_NOT_ALLOWED);
    CHECK_EQ(handle_grant(&kernel_process, handle, two, 0xff, true, &granted), ERR_NOT_ALLOWED);
    CHECK_EQ(handle_close(&kernel_process, handle), OK);
    end();
}
