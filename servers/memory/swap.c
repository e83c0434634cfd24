#include "swap.h"

#include "cookie.h"
#include "evict.h"
#include "memory.h"
#include "policy.h"
#include "wait.h"

#include <abi/layout.h>
#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <protocols/block.h>

#include <string.h>

static constexpr uint32_t PLACES_MOST = COOKIES_OF_SWAP;
static constexpr uint64_t PATIENCE_NS = 60 * NS_PER_SECOND;

enum purpose : uint8_t { INFO, WRITE, READ, PURPOSES }; // badges of the call objects

// A place on the device.
struct place {
    uint64_t address;
    uint32_t process; // 0: free
    uint32_t reserved;
};

static_assert(PLACES_MOST * sizeof(struct place) <= SLOTS_MAXIMUM * PAGE_SIZE);

static struct {
    handle_t port, call[PURPOSES];
    struct place *place;
    uint32_t places, used, next; // next: where free ones are looked for
    uint64_t moved_out, moved_in;
    bool lost; // nothing is moved out any more

    // What is being moved out: pages that were taken, in slots side by side.
    uaddr_t slots;
    uint32_t first; // their place
    unsigned room, taken;
    bool writing;

    bool reading, read_in_vain; // in vain: whose it was has ended
    uint32_t read_place;
    uaddr_t fresh; // where a page is made to be given back
} swap;

// --- places --------------------------------------------------------------------------------------

struct swap_state swap_state(void)
{
    return (struct swap_state){swap.places, swap.used, swap.moved_out, swap.moved_in};
}

static void place_take(uint32_t place, uint32_t process, uaddr_t address)
{
    struct holder *holder = holder_find(process);
    swap.place[place] = (struct place){.address = address, .process = process};
    swap.used++;
    if (holder != nullptr)
        holder->away++;
}

static void place_free(uint32_t place)
{
    struct holder *holder = holder_find(swap.place[place].process);
    if (swap.place[place].process == 0)
        return;
    swap.place[place] = (struct place){};
    swap.used--;
    if (holder != nullptr)
        holder->away--;
}

// Nobody waits for it any more, and nobody can.
static void place_drop(uint32_t place)
{
    wait_answer(place, OK);
    place_free(place);
    swap.read_in_vain |= swap.reading && swap.read_place == place;
}

// Drops the places whose cookies were freed unseen.
static void harvest(void)
{
    for (uint32_t place = 0; place < swap.places; place += 64) {
        uint64_t freed = cookies_take((COOKIES_OF_FILES + place) / 64);
        for (; freed != 0; freed &= freed - 1)
            place_drop(place + (uint32_t)__builtin_ctzll(freed));
    }
}

unsigned swap_places(void)
{
    if (swap.lost || swap.writing)
        return 0;
    if (swap.places - swap.used < SWAP_PAGES)
        harvest();
    if (swap.used == swap.places)
        return 0;
    while (swap.place[swap.next % swap.places].process != 0)
        swap.next++;
    swap.first = swap.next % swap.places;
    swap.room = swap.taken = 0;
    while (swap.room < SWAP_PAGES && swap.first + swap.room < swap.places &&
           swap.place[swap.first + swap.room].process == 0)
        swap.room++;
    return swap.room;
}

void swap_forget(const struct holder *holder)
{
    if (holder->away != 0)
        harvest(); // so that whatever comes there next begins without marks
    for (uint32_t i = 0; i < swap.places && holder->away != 0; i++)
        if (swap.place[i].process == holder->process)
            place_drop(i);
}

// --- messages ------------------------------------------------------------------------------------

static status_t begin(enum purpose purpose, enum block_method method, uint64_t word0,
                      uint64_t word1, parcel_t parcel)
{
    struct message message = {
        .tag = (uint64_t)BLOCK_PROTOCOL << TAG_PROTOCOL_SHIFT | method,
        .word = {word0, word1},
        .parcel = parcel,
    };
    return message_begin(swap.call[purpose], swap.port, &message, deadline_after(PATIENCE_NS));
}

// What was moved out before can still be asked for.
static void lose(const char *what, status_t status)
{
    if (!swap.lost)
        log_error("the swap device cannot %s: %s; nothing is moved out any more", what,
                  status_text(status));
    swap.lost = true;
    news_tell(MEMORY_NEWS_SWAP_LOST);
}

static status_t outcome(const struct server_completion *completion)
{
    return completion->error != OK ? completion->error : message_reply_status(completion->reply);
}

// --- out -----------------------------------------------------------------------------------------

static uaddr_t slot(unsigned index)
{
    return swap.slots + index * PAGE_SIZE;
}

bool swap_take(handle_t handle, uint32_t process, uaddr_t *hand)
{
    uint32_t place = swap.first + swap.taken;
    uaddr_t next, page;
    status_t status = system_memory_evict(handle, *hand, COOKIES_OF_FILES + place,
                                          slot(swap.taken), &next, &page);
    *hand = status == OK ? next : LAYOUT_LIMIT;
    if (status != OK || page == 0)
        return false;
    place_take(place, process, page);
    swap.taken++;
    return true;
}

static void slot_free(unsigned index)
{
    (void)system_memory_free(pages_parcel(slot(index), 1, PARCEL_NONE, 0));
}

// Gives a page to who waits for it. Where nobody takes it, because its place was freed meanwhile,
// the device's place is free when the mark of that is found: until then the number means that page.
static bool page_give(uint32_t place, uaddr_t page)
{
    bool stale;
    bool given = wait_give(place, page, &stale);
    if (!stale)
        place_free(place);
    return given;
}

// Lets go of the pages that were taken, and gives back those that are wanted again. Where the
// device has failed the others stay.
static void taken_settle(bool stored)
{
    for (unsigned i = 0; i < swap.taken; i++) {
        uint32_t place = swap.first + i;
        bool wanted = wait_exists(place);
        if (swap.place[place].process == 0 || (wanted && !page_give(place, slot(i))) ||
            (!wanted && stored))
            slot_free(i);
    }
    if (stored)
        swap.taken = 0;
}

bool swap_write(void)
{
    if (swap.taken == 0)
        return false;
    swap.next = swap.first + swap.taken;
    status_t status = begin(WRITE, BLOCK_METHOD_WRITE, swap.first, 0,
                            pages_parcel(swap.slots, swap.taken, PARCEL_LEND, 0));
    swap.writing = status == OK;
    if (status != OK) {
        lose("be written to", status);
        taken_settle(false);
    }
    return status == OK;
}

bool swap_is_writing(void)
{
    return swap.writing;
}

static void written(status_t status)
{
    swap.writing = false;
    swap.moved_out += status == OK ? swap.taken : 0;
    if (status != OK)
        lose("be written to", status);
    taken_settle(status == OK);
    evict_done();
}

// --- in ------------------------------------------------------------------------------------------

bool swap_has_cookie(uint64_t cookie)
{
    return cookie >= COOKIES_OF_FILES;
}

// Is the page of this place still here, or again?
static bool is_here(uint32_t place)
{
    return place - swap.first < swap.taken;
}

status_t swap_faulted(struct request *request, uint32_t process, uaddr_t address, uint64_t cookie)
{
    uint64_t place = cookie - COOKIES_OF_FILES;
    if (place >= swap.places || swap.place[place].process != process ||
        swap.place[place].address != (address & ~(PAGE_SIZE - 1)))
        return OK; // brought in, or freed, since the touch
    status_t status = wait_keep(request, (uint32_t)place);
    if (status == REQUEST_KEPT && is_here((uint32_t)place) && !swap.writing)
        taken_settle(false);
    else if (status == REQUEST_KEPT)
        swap_read(false);
    return status;
}

// Whoever touches what cannot be read ends.
static void read_failed(status_t status)
{
    lose("be read", status);
    wait_answer(swap.read_place, ERR_IO);
    place_free(swap.read_place);
}

void swap_read(bool anyway)
{
    uint32_t place = wait_first_page();
    if (swap.reading || place == WAITS_FOR_FRAME || is_here(place))
        return;
    if (!anyway && !evict_has_frames())
        return evict_start();
    swap.read_place = place;
    status_t status = begin(READ, BLOCK_METHOD_READ, place, 1, 0);
    swap.reading = status == OK;
    swap.read_in_vain = false;
    if (status != OK)
        read_failed(status);
}

// Not the device's own page: a process that wrote to a clone would make the device copy it.
static status_t fresh_fill(parcel_t landed)
{
    parcel_t page = pages_parcel(swap.fresh, 1, PARCEL_NONE, PARCEL_WRITABLE);
    status_t status = system_memory_create(HANDLE_NONE, page, MEMORY_PAGES);
    if (status == OK)
        memcpy((void *)swap.fresh, (const void *)parcel_address(landed), PAGE_SIZE);
    return status;
}

static void page_give_back(parcel_t landed)
{
    status_t status = fresh_fill(landed);
    if (status != OK) {
        log_error("no page to give back: %s", status_text(status));
        return wait_answer(swap.read_place, OK);
    }
    if (!page_give(swap.read_place, swap.fresh))
        (void)system_memory_free(pages_parcel(swap.fresh, 1, PARCEL_NONE, 0));
    swap.moved_in++;
}

static void was_read(status_t status, parcel_t landed)
{
    swap.reading = false;
    if (!swap.read_in_vain && status == OK && landed != 0)
        page_give_back(landed);
    else if (!swap.read_in_vain)
        read_failed(status != OK ? status : ERR_BAD_MESSAGE);
    if (landed != 0)
        (void)landing_free(landed);
    swap_read(false);
}

// --- the beginning -------------------------------------------------------------------------------

static void open(status_t status, const struct message *reply)
{
    uint64_t pages = reply->word[0] / PAGE_SIZE;
    void *table = nullptr;
    if (status == OK && (reply->word[1] >> 32 & BLOCK_FEATURE_READ_ONLY))
        status = ERR_UNSUPPORTED;
    if (status == OK && pages == 0)
        status = ERR_EMPTY;
    if (pages > PLACES_MOST)
        pages = PLACES_MOST;
    swap.slots = slots_allocate(SWAP_PAGES);
    swap.fresh = slots_allocate(1);
    if (status == OK && (swap.slots == 0 || swap.fresh == 0))
        status = ERR_NO_MEMORY;
    if (status == OK)
        status = pages_allocate(pages_for(pages * sizeof(struct place)), &table);
    if (status != OK)
        return lose("be used", status);
    swap.place = table;
    swap.places = (uint32_t)pages;
    log_info("%lu pages can be moved out", pages);
}

void swap_start(void)
{
    swap.port = start_handle("swap");
    if (swap.port == HANDLE_NONE)
        return;
    status_t status = OK;
    for (unsigned i = 0; i < PURPOSES && status == OK; i++) {
        uint64_t call;
        status = system_call_create(self.port, i, &call);
        swap.call[i] = (handle_t)call;
    }
    if (status == OK)
        status = begin(INFO, BLOCK_METHOD_INFO, 0, 0, 0);
    if (status != OK)
        lose("be used", status);
}

void swap_completed(const struct server_completion *completion)
{
    status_t status = outcome(completion);
    if (completion->badge == INFO)
        open(status, completion->reply);
    else if (completion->badge == WRITE)
        written(status);
    else
        was_read(status, completion->reply->parcel);
}
