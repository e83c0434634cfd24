// sources: servers/memory/holder.c libsys/status.c
//
// The memory server's swap device: servers/memory/swap.c, wait.c and holder.c themselves; the
// kernel, the device and what is around them are played here. Every way in which a page goes, comes
// back, or is lost.

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
static void mark(uint32_t place) { bits[cookie(place) / 64] |= 1ull << place % 64; }

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

// --- a page goes and comes back ------------------------------------------------------------------

TEST(pages_go_out_side_by_side) {
    begin_anew(100);
    out(3);
    CHECK_EQ(begun.method, BLOCK_METHOD_WRITE);
    CHECK_EQ(begun.word0, 0);
    CHECK_EQ(parcel_count(begun.parcel), 3);
    CHECK_EQ(swap_places(), 0); // until they are there
    CHECK_EQ(frames_freed, 0);
    complete(WRITE, OK, nullptr);
    CHECK(frames_freed == 3 && ends == 1);
    CHECK(swap_state().used == 3 && swap_state().moved_out == 3);
    CHECK_EQ(holder_find(A)->away, 3);
    out(2);
    CHECK_EQ(begun.word0, 3);
}

TEST(a_page_comes_back_once) {
    begin_anew(100);
    out_completed(3);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE + 8, 1), REQUEST_KEPT);
    CHECK_EQ(begun.method, BLOCK_METHOD_READ);
    CHECK_EQ(begun.word0, 1);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE + 16, 1), REQUEST_KEPT); // another of its threads
    read_completed(77);
    CHECK(answers[1].done && answers[1].status == OK && answers[1].contents == 77);
    CHECK(answers[2].done && answers[2].status == OK && answers[2].contents == 0);
    CHECK(swap_state().used == 2 && swap_state().moved_in == 1);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 1), OK); // it has come back
}

TEST(a_page_that_moves_out_comes_back_from_here) {
    begin_anew(100);
    out(2);
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK(!answers[1].done && begun.method == BLOCK_METHOD_WRITE);
    complete(WRITE, OK, nullptr);
    CHECK(answers[1].done && answers[1].contents == PLACE);
    CHECK(frames_freed == 1 && swap_state().used == 1);
}

TEST(reads_wait_for_frames_and_for_each_other) {
    begin_anew(100);
    out_completed(3);
    frames_left = false;
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK(starts == 1 && begun.method == BLOCK_METHOD_WRITE);
    swap_read(true);
    CHECK(begun.method == BLOCK_METHOD_READ && begun.word0 == 0);
    frames_left = true;
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 1), REQUEST_KEPT);
    CHECK_EQ(begun.word0, 0);
    read_completed(5);
    CHECK_EQ(begun.word0, 1);
    read_completed(6);
    CHECK(answers[1].contents == 5 && answers[2].contents == 6);
}

// --- what is not as usual ------------------------------------------------------------------------

TEST(cookies_that_have_gone_are_not_waited_for) {
    begin_anew(100);
    out_completed(1);
    CHECK_EQ(fault(B, PLACE, 0), OK); // another's
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 0), OK); // of another place
    CHECK_EQ(fault(A, PLACE, 1), OK); // of none
    CHECK_EQ(fault(A, PLACE, 100), OK);
    CHECK(!swap_has_cookie(0) && swap_has_cookie(cookie(0)));
}

TEST(places_are_used_again) {
    begin_anew(20);
    out_completed(16);
    CHECK_EQ(swap_places(), 4);
    out_completed(4);
    CHECK_EQ(swap_places(), 0);
    CHECK_EQ(fault(A, PLACE + 9 * PAGE_SIZE, 9), REQUEST_KEPT);
    read_completed(1);
    CHECK_EQ(swap_places(), 1);
    out_completed(1);
    CHECK_EQ(begun.word0, 9);
    CHECK_EQ(swap_places(), 0);
}

TEST(a_page_that_cannot_be_taken_takes_no_place) {
    begin_anew(100);
    CHECK_EQ(swap_places(), 16);
    uaddr_t hand = PLACE;
    none_idle = true;
    CHECK(!swap_take(1, A, &hand) && hand == PLACE + PAGE_SIZE);
    evict_status = ERR_ENDED;
    CHECK(!swap_take(1, A, &hand) && hand == LAYOUT_LIMIT);
    CHECK(!swap_write());
    CHECK_EQ(swap_state().used, 0);
}

TEST(the_device_fails_in_a_write) {
    begin_anew(100);
    out_completed(1);
    CHECK(swap_places() != 0 && take(A, PLACE + PAGE_SIZE) && swap_write());
    complete(WRITE, ERR_PEER_DIED, nullptr);
    CHECK(told == MEMORY_NEWS_SWAP_LOST && swap_places() == 0 && ends == 2);
    CHECK_EQ(fault(A, PLACE + PAGE_SIZE, 1), REQUEST_KEPT); // it has stayed here
    CHECK(answers[1].done && answers[1].contents == PLACE + PAGE_SIZE);
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT); // what is there can be asked for
    complete(READ, ERR_PEER_DIED, nullptr);
    CHECK(answers[2].done && answers[2].status == ERR_IO);
    CHECK_EQ(swap_state().used, 0);
}

TEST(the_device_refuses) {
    begin_anew(100);
    out(1);
    complete(WRITE, OK, &(struct message){.tag = (uint16_t)ERR_IO});
    CHECK_EQ(told, MEMORY_NEWS_SWAP_LOST);
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    complete(READ, OK, &(struct message){.tag = (uint16_t)ERR_IO});
    CHECK_EQ(answers[1].status, ERR_IO);
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    complete(READ, OK, nullptr); // without a page
    CHECK_EQ(answers[1].status, ERR_IO);
}

TEST(nothing_can_be_begun) {
    begin_anew(100);
    CHECK(swap_places() != 0 && take(A, PLACE));
    begin_status = ERR_PORT_CLOSED;
    CHECK(!swap_write());
    CHECK(told == MEMORY_NEWS_SWAP_LOST && !swap_is_writing());
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK_EQ(answers[1].contents, PLACE);
    begin_anew(100);
    out_completed(1);
    begin_status = ERR_PORT_CLOSED;
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT);
    CHECK(answers[1].done && answers[1].status == ERR_IO);
}

TEST(there_is_no_device) {
    static const struct message unfit[] = {
        {.word = {0, PAGE_SIZE}}, // no pages
        {.word = {PAGE_SIZE, PAGE_SIZE | (uint64_t)BLOCK_FEATURE_READ_ONLY << 32}},
        {.tag = (uint16_t)ERR_IO},
    };
    for (unsigned i = 0; i < 3; i++) {
        struct message reply = unfit[i];
        begin_anew(100);
        memset(&swap, 0, sizeof swap);
        swap_start();
        complete(INFO, OK, &reply);
        CHECK(told == MEMORY_NEWS_SWAP_LOST && swap_places() == 0);
    }
    begin_anew(100);
    memset(&swap, 0, sizeof swap);
    begun.count = 0;
    no_handle = HANDLE_NONE;
    swap_start();
    CHECK(begun.count == 0 && swap_places() == 0 && fault(A, PLACE, 0) == OK);
}

TEST(its_process_ends) {
    begin_anew(100);
    out(2); // while its pages move out
    (void)fault(A, PLACE, 0);
    swap_forget(holder_find(A));
    CHECK(swap_state().used == 0 && holder_find(A)->away == 0);
    complete(WRITE, OK, nullptr);
    CHECK_EQ(frames_freed, 2);
    out_completed(2); // while one is read, and its place is taken by another's page then
    (void)fault(A, PLACE, 2);
    CHECK_EQ(begun.method, BLOCK_METHOD_READ);
    swap_forget(holder_find(A));
    swap.next = 2;
    CHECK(swap_places() != 0 && take(B, PLACE) && swap_write());
    CHECK_EQ(begun.word0, 2);
    complete(WRITE, OK, nullptr);
    CHECK_EQ(fault(B, PLACE, 2), REQUEST_KEPT);
    read_completed(99); // A's
    CHECK(!answers[replies].done && begun.method == BLOCK_METHOD_READ && begun.word0 == 2);
    read_completed(42);
    CHECK(answers[replies].done && answers[replies].contents == 42);
}

TEST(its_place_has_changed) {
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    reply_status = ERR_OCCUPIED;
    read_completed(1);
    CHECK(answers[1].done && answers[1].status == OK); // it touches again
    CHECK(swap_state().used == 1 && frames_freed == 2); // and the fresh one
    swap.next = 0;
    CHECK_EQ(swap_places(), 16);
    CHECK_EQ(swap.first, 1); // until it is marked
    mark(0);
    harvest();
    CHECK(swap_state().used == 0 && holder_find(A)->away == 0);
}

TEST(what_was_freed_unseen_makes_room) {
    begin_anew(20);
    out_completed(16);
    mark(3);
    mark(15);
    CHECK_EQ(swap_places(), 4);
    out_completed(4);
    CHECK_EQ(swap_state().used, 18);
    CHECK_EQ(swap_places(), 1);
    CHECK(swap.first == 3 && bits[COOKIES_OF_FILES / 64] == 0);
    (void)fault(A, PLACE + 5 * PAGE_SIZE, 5); // read while it is freed
    mark(5);
    harvest();
    CHECK(answers[replies].done && answers[replies].status == OK);
    read_completed(7);
    CHECK_EQ(answers[replies].contents, 0);
    mark(6);
    swap_forget(holder_find(A)); // none is left for whoever comes next
    CHECK(bits[COOKIES_OF_FILES / 64] == 0 && swap_state().used == 0);
}

TEST(no_page_to_give_back) {
    begin_anew(100);
    out_completed(1);
    (void)fault(A, PLACE, 0);
    create_status = ERR_NO_FRAME;
    read_completed(1);
    CHECK(answers[1].done && answers[1].status == OK && answers[1].contents == 0);
    create_status = OK;
    CHECK_EQ(fault(A, PLACE, 0), REQUEST_KEPT); // it is still on the device
    read_completed(3);
    CHECK_EQ(answers[2].contents, 3);
}
