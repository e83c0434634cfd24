// What the kernel and libsys's memory functions do, for the tests of generated code.

#include "world.h"

#include <baton/parcel.h>
#include <baton/system.h>
#include <baton/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;

static constexpr unsigned HANDLES = 64, RUNS = 64, SLOT_PAGES = 64;

static struct {
    enum object_type type;
    rights_t rights;
    uint16_t protocol;
} handles[HANDLES];

static void *runs[RUNS];                                      // parcels that live
alignas(PAGE_SIZE) static char slots[SLOT_PAGES * PAGE_SIZE]; // of slots_allocate
static bool present[SLOT_PAGES], lent[SLOT_PAGES];
static unsigned slots_used;

[[noreturn]] static void broken(const char *what)
{
    printf("the world broke: %s\n", what);
    abort();
}

void world_reset(void)
{
    for (unsigned i = 0; i < RUNS; i++)
        if (runs[i] != nullptr)
            broken("a parcel was never freed");
    memset(handles, 0, sizeof handles);
    world_loans_return();
    world = (struct world){};
}

// --- handles -------------------------------------------------------------------------------------

handle_t world_handle(enum object_type type, rights_t rights, uint16_t protocol)
{
    static unsigned last; // so that a number does not come again at once
    for (unsigned tries = 0; tries < HANDLES; tries++) {
        unsigned i = last = (last + 1) % HANDLES;
        if (handles[i].type != OBJECT_NONE)
            continue;
        handles[i].type = type;
        handles[i].rights = rights;
        handles[i].protocol = protocol;
        return WORLD_HANDLES + i;
    }
    broken("no handle left");
}

bool world_handle_is_open(handle_t handle)
{
    return handle >= WORLD_HANDLES && handle - WORLD_HANDLES < HANDLES &&
           handles[handle - WORLD_HANDLES].type != OBJECT_NONE;
}

unsigned world_handles_open(void)
{
    unsigned open = 0;
    for (unsigned i = 0; i < HANDLES; i++)
        open += handles[i].type != OBJECT_NONE;
    return open;
}

status_t system_handle_query(handle_t handle, uint64_t *result, uint64_t *result2)
{
    *result = *result2 = 0;
    if (!world_handle_is_open(handle))
        return ERR_BAD_HANDLE;
    unsigned index = handle - WORLD_HANDLES;
    *result = handles[index].type | (uint64_t)handles[index].rights << 8;
    *result2 = handles[index].protocol;
    return OK;
}

status_t system_handle_close(handle_t handle)
{
    if (!world_handle_is_open(handle))
        return ERR_BAD_HANDLE;
    handles[handle - WORLD_HANDLES].type = OBJECT_NONE;
    return OK;
}

// A handle on its way: moved, or a second one, with the rights that go along.
static handle_t pass_handle(handle_t handle, bool moved, rights_t rights)
{
    if (handle == HANDLE_NONE)
        return HANDLE_NONE;
    if (!world_handle_is_open(handle))
        broken("a handle was sent that is not open");
    unsigned index = handle - WORLD_HANDLES;
    rights_t granted = handles[index].rights & rights;
    if (moved) {
        handles[index].rights = granted;
        return handle;
    }
    return world_handle(handles[index].type, granted, handles[index].protocol);
}

// --- memory --------------------------------------------------------------------------------------

static bool in_slots(uaddr_t address)
{
    return address >= (uaddr_t)slots && address < (uaddr_t)slots + sizeof slots;
}

static unsigned slot_of(uaddr_t address)
{
    return (unsigned)((address - (uaddr_t)slots) / PAGE_SIZE);
}

uaddr_t slots_allocate(unsigned pages)
{
    if (slots_used + pages > SLOT_PAGES)
        return 0;
    slots_used += pages;
    return (uaddr_t)slots + (slots_used - pages) * PAGE_SIZE;
}

status_t system_memory_create(handle_t, parcel_t parcel, uint32_t)
{
    unsigned slot = slot_of(parcel_address(parcel));
    if (world.memory_status != OK)
        return world.memory_status;
    if (present[slot])
        return ERR_OCCUPIED;
    present[slot] = true;
    memset(slots + slot * PAGE_SIZE, 0, PAGE_SIZE);
    return OK;
}

status_t system_parcel_query(uaddr_t address, uint64_t *result, uint64_t *result2)
{
    unsigned slot = slot_of(address);
    *result = (uint64_t)(lent[slot] ? SLOT_LENT : present[slot] ? SLOT_PAGE : SLOT_EMPTY) << 56;
    *result2 = 0;
    return OK;
}

void world_loans_return(void)
{
    memset(lent, 0, sizeof lent);
}

static parcel_t run_make(uint64_t size, parcel_t like)
{
    for (unsigned i = 0; i < RUNS; i++) {
        if (runs[i] != nullptr)
            continue;
        runs[i] = aligned_alloc(PAGE_SIZE, size);
        memset(runs[i], 0, size);
        return (like & ~PARCEL_ADDRESS_MASK) | (uaddr_t)runs[i];
    }
    broken("too many parcels");
}

static void run_free(uaddr_t address)
{
    for (unsigned i = 0; i < RUNS; i++) {
        if ((uaddr_t)runs[i] != address)
            continue;
        free(runs[i]);
        runs[i] = nullptr;
        return;
    }
    broken("a parcel was freed that is none");
}

parcel_t world_pages(unsigned count)
{
    return run_make(count * PAGE_SIZE, parcel_make(0, 1, count, PARCEL_NONE, 0));
}

unsigned world_parcels(void)
{
    unsigned live = 0;
    for (unsigned i = 0; i < RUNS; i++)
        live += runs[i] != nullptr;
    return live;
}

status_t landing_free(parcel_t landed)
{
    run_free(parcel_address(landed));
    return OK;
}

status_t system_memory_free(parcel_t parcel)
{
    run_free(parcel_address(parcel));
    return OK;
}

status_t landing_prepare(unsigned, unsigned)
{
    return OK;
}

status_t landing_prepare_default(void)
{
    return OK;
}

status_t handles_accept(void)
{
    return OK;
}

ticks_t ticks_from_ns(uint64_t ns)
{
    return ns;
}

// --- messages ------------------------------------------------------------------------------------

// Contents of level 1 travel; larger entries are only addresses here.
static parcel_t pass_parcel(parcel_t parcel)
{
    uaddr_t from = parcel_address(parcel);
    if (parcel == 0 || parcel_level(parcel) != 1)
        return parcel;
    parcel_t landed = run_make(parcel_size(parcel), parcel);
    memcpy((void *)parcel_address(landed), (void *)from, parcel_size(parcel));
    if (parcel_mode(parcel) != PARCEL_GIVE)
        return landed;
    if (!in_slots(from))
        run_free(from);
    else
        for (unsigned i = 0; i < parcel_count(parcel); i++)
            present[slot_of(from) + i] = false;
    return landed;
}

void world_pass(struct message *message)
{
    message->parcel = pass_parcel(message->parcel);
    for (unsigned i = 0; i < MESSAGE_HANDLES; i++)
        message->handle[i] =
            pass_handle(message->handle[i], message->tag >> (TAG_MOVE_SHIFT + i) & 1,
                        (rights_t)(message->tag >> (TAG_RIGHTS_SHIFT + 8 * i)));
}

void world_home(const struct message *sent, const struct message *landed)
{
    if (parcel_mode(sent->parcel) != PARCEL_LEND || parcel_level(sent->parcel) != 1)
        return;
    uaddr_t home = parcel_address(sent->parcel), away = parcel_address(landed->parcel);
    if ((sent->parcel & PARCEL_WRITABLE) != 0)
        memcpy((void *)home, (void *)away, parcel_size(sent->parcel));
    else if (memcmp((void *)home, (void *)away, parcel_size(sent->parcel)) != 0)
        broken("a server wrote to what it may only read");
    run_free(away);
}

static void keep_loan(const struct message *sent)
{
    for (unsigned i = 0; in_slots(parcel_address(sent->parcel)) && i < parcel_count(sent->parcel);
         i++)
        lent[slot_of(parcel_address(sent->parcel)) + i] = true;
}

status_t message_call(handle_t port, struct message *message, ticks_t)
{
    struct request request = {.message = *message, .badge = 7};
    struct message landed;
    if (port != WORLD_PORT)
        return ERR_BAD_HANDLE;
    world.calls++;
    world.request = *message;
    if (world.call_status != OK) {
        if (world.keep_loans)
            keep_loan(message);
        *message = (struct message){};
        status_t status = world.call_status;
        if (world.failures != 0 && --world.failures == 0)
            world.call_status = OK;
        return status;
    }
    world_pass(&request.message);
    landed = request.message;
    if (world.request_hook != nullptr)
        world.request_hook(&request.message);
    request_dispatch(&world.serves, &request);
    world.reply = request.message;
    world_home(&world.request, &landed);
    world_pass(&request.message);
    if (world.reply_hook != nullptr)
        world.reply_hook(&request.message);
    *message = request.message;
    return OK;
}
