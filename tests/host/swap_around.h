// What is around the memory server's swap device: the kernel, the device, the server's other parts.
// Included once, by the test.
#pragma once

#include "../../servers/memory/cookie.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>
#include <protocols/block.h>
#include <protocols/memory.h>

#include "test.h"

#include <string.h>

static constexpr unsigned ARENA = 64; // pages
static char arena[ARENA][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static bool present[ARENA];
static unsigned arena_taken;

static unsigned page_of(uaddr_t address) {
    return (unsigned)((address - (uaddr_t)arena) / PAGE_SIZE);
}

static uaddr_t slots_taken(unsigned pages) {
    arena_taken += pages;
    return (uaddr_t)arena[arena_taken - pages];
}

status_t pages_allocate(unsigned pages, void **address) {
    static char made[64][PAGE_SIZE]; // for good, as there
    static unsigned next;
    CHECK(next + pages <= 64);
    *address = made[next];
    next += pages;
    return OK;
}

// --- the kernel ----------------------------------------------------------------------------------

static status_t evict_status, create_status, begin_status, reply_status;
static unsigned frames_freed;
static bool none_idle;

// Every page is idle, unless none is.
static status_t evicted(handle_t, uaddr_t address, uint64_t cookie, uaddr_t destination,
                        uint64_t *next, uint64_t *page) {
    CHECK(!present[page_of(destination)]);
    CHECK(cookie >= COOKIES_OF_FILES && cookie < COOKIES_OF_FILES + COOKIES_OF_SWAP);
    *next = *page = 0;
    if (evict_status != OK)
        return evict_status;
    *next = address + PAGE_SIZE;
    if (none_idle)
        return OK;
    *page = address;
    present[page_of(destination)] = true;
    memcpy(arena[page_of(destination)], &address, sizeof address);
    return OK;
}

static status_t created(handle_t, parcel_t slots, uint64_t) {
    if (create_status == OK)
        present[page_of(parcel_address(slots))] = true;
    return create_status;
}

static status_t freed(parcel_t slots) {
    frames_freed += present[page_of(parcel_address(slots))];
    present[page_of(parcel_address(slots))] = false;
    return OK;
}

static status_t call_made(handle_t, uint64_t badge, uint64_t *call) {
    *call = 100 + badge;
    return OK;
}

// What was begun last.
static struct {
    unsigned count;
    uint8_t method;
    uint64_t word0;
    parcel_t parcel;
} begun;

static status_t begun_now(handle_t, handle_t, struct message *message, ticks_t) {
    if (begin_status != OK)
        return begin_status;
    begun.count++;
    begun.method = (uint8_t)message->tag;
    begun.word0 = message->word[0];
    begun.parcel = message->parcel;
    return OK;
}

// What waiting threads were answered, by reply handle.
static struct {
    bool done;
    status_t status;
    uint64_t contents; // of the page that came with it, 0: none
} answers[16];
static unsigned replies;

static status_t keep(struct request *, struct kept_request *request) {
    request->reply = ++replies;
    answers[replies].done = false;
    return OK;
}

static status_t replied(handle_t reply, struct message *message) {
    if (reply_status != OK && message->parcel != 0)
        return reply_status;
    answers[reply].done = true;
    answers[reply].status = message_reply_status(message);
    answers[reply].contents = 0;
    if (message->parcel != 0) {
        unsigned page = page_of(parcel_address(message->parcel));
        CHECK(present[page]);
        memcpy(&answers[reply].contents, arena[page], sizeof(uint64_t));
        present[page] = false;
    }
    return OK;
}

static handle_t no_handle;
static handle_t named(const char *) { return no_handle; }
static status_t landed_freed(parcel_t) { return OK; }
static ticks_t later(uint64_t) { return 1; }
static void log_nothing(enum log_level, const char *, ...) {}

#define slots_allocate       slots_taken
#define system_memory_evict  evicted
#define system_memory_create created
#define system_memory_free   freed
#define system_call_create   call_made
#define message_begin        begun_now
#define message_reply        replied
#define request_keep         keep
#define start_handle         named
#define landing_free         landed_freed
#define deadline_after       later
#define log_line             log_nothing
#include "../../servers/memory/evict.h"
#include "../../servers/memory/memory.h"
#include "../../servers/memory/policy.h"
#include "../../servers/memory/wait.c"
#include "../../servers/memory/swap.c"

// --- the memory server's other parts -------------------------------------------------------------

struct self self;
static _Atomic(uint64_t) bits[(COOKIES_OF_FILES + COOKIES_OF_SWAP) / 64];
_Atomic(uint64_t) *cookies_unseen = bits;
static unsigned starts, ends;
static uint32_t told;
static bool frames_left;

bool evict_has_frames(void) { return frames_left; }
void evict_start(void) { starts++; }
void evict_done(void) { ends++; }
void news_tell(enum memory_news news) { told |= news; }

static constexpr uint32_t A = 7, B = 8;
static constexpr uaddr_t PLACE = 0x1234'5000;

static void complete(enum purpose purpose, status_t error, struct message *reply) {
    struct message none = {};
    swap_completed(&(struct server_completion){.badge = purpose,
                                                        .error = error,
                                                        .reply = reply ? reply : &none});
}

static void begin_anew(uint64_t pages) {
    struct holder *holder;
    memset(&swap, 0, sizeof swap);
    memset(&begun, 0, sizeof begun);
    memset(present, 0, sizeof present);
    arena_taken = replies = starts = ends = frames_freed = 0;
    told = 0;
    evict_status = create_status = begin_status = reply_status = OK;
    frames_left = true;
    none_idle = false;
    no_handle = 5;
    while (holder_count() != 0)
        holder_remove(holder_at(0));
    CHECK_EQ(holder_add(A, &holder), OK);
    CHECK_EQ(holder_add(B, &holder), OK);
    swap_start();
    CHECK_EQ(begun.method, BLOCK_METHOD_INFO);
    complete(INFO, OK, &(struct message){.word = {pages * PAGE_SIZE, PAGE_SIZE}});
    begun.count = 0;
}

static uint64_t cookie(uint64_t place) { return COOKIES_OF_FILES + place; }

// The kernel marks that a place's page was freed.
[[maybe_unused]] static void mark(uint32_t place) {
    bits[cookie(place) / 64] |= 1ull << place % 64;
}

static status_t fault(uint32_t process, uaddr_t address, uint64_t place) {
    struct request request = {};
    return swap_faulted(&request, process, address, cookie(place));
}

static bool take(uint32_t process, uaddr_t address) { return swap_take(1, process, &address); }

// A's first pages, moved out.
static void out(unsigned pages) {
    CHECK(swap_places() >= pages);
    for (unsigned i = 0; i < pages; i++)
        CHECK(take(A, PLACE + i * PAGE_SIZE));
    CHECK(swap_write());
}

static void out_completed(unsigned pages) {
    out(pages);
    complete(WRITE, OK, nullptr);
}

// What the device answers a read with: a page of its own, with this in it.
static void read_completed(uint64_t contents) {
    static char page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    memcpy(page, &contents, sizeof contents);
    complete(READ, OK,
             &(struct message){.parcel = pages_parcel((uaddr_t)page, 1, PARCEL_CLONE, 0)});
}
