#include "evict.h"

#include "holder.h"
#include "memory.h"
#include "policy.h"
#include "rule.h"
#include "swap.h"
#include "wait.h"

#include <abi/layout.h>
#include <baton/log.h>
#include <baton/system.h>

static constexpr uint64_t MARGIN = 16; // frames

// A clock's hand, which goes around all pages of all processes: what was not touched since it last
// came by moves out.
static struct {
    unsigned holder;
    uaddr_t address;
} hand;

bool evict_has_frames(void)
{
    uint64_t records;
    return kernel_ask(QUERY_MACHINE, 0, &records) == OK &&
           self.machine->frames_free > self.machine->frames_kept + MARGIN;
}

// --- the clock -----------------------------------------------------------------------------------

static bool uses_more_than_its_right(handle_t handle, const struct holder *holder)
{
    uint64_t used, limit;
    return system_account_query(handle, &used, &limit) == OK && used > holder->right;
}

// Goes on in one process until there are enough pages, or it has none behind the hand.
static unsigned process_take(handle_t handle, uint32_t process, unsigned places)
{
    unsigned taken = 0;
    while (taken < places && hand.address < LAYOUT_LIMIT)
        taken += swap_take(handle, process, &hand.address);
    return taken;
}

// `greedy`: only of a process that uses more than it has a right to.
static unsigned holder_take(const struct holder *holder, bool greedy, unsigned places)
{
    uint64_t handle;
    unsigned taken = 0;
    if (!holder->opened || holder->resident ||
        system_process_paged(self.port, holder->process, &handle) != OK) {
        hand.address = LAYOUT_LIMIT;
        return 0;
    }
    if (!greedy || uses_more_than_its_right((handle_t)handle, holder))
        taken = process_take((handle_t)handle, holder->process, places);
    else
        hand.address = LAYOUT_LIMIT;
    (void)system_handle_close((handle_t)handle);
    return taken;
}

// Twice around: at first all may have been touched.
static unsigned pages_take(bool greedy, unsigned places)
{
    unsigned taken = 0;
    for (unsigned ends = 0; taken < places && ends <= 2 * holder_count();) {
        if (hand.holder >= holder_count())
            hand.holder = 0;
        const struct holder *holder = holder_at(hand.holder);
        if (holder == nullptr)
            break;
        taken += holder_take(holder, greedy, places - taken);
        if (hand.address >= LAYOUT_LIMIT) {
            hand.address = 0;
            hand.holder++;
            ends++;
        }
    }
    return taken;
}

static bool pages_move_out(void)
{
    unsigned places = swap_places();
    unsigned taken = places != 0 ? pages_take(true, places) : 0;
    if (taken < places)
        taken += pages_take(false, places - taken);
    return taken != 0 && swap_write();
}

// --- what is tried -------------------------------------------------------------------------------

void evict_start(void)
{
    if (swap_is_writing() || rule_is_ending())
        return;
    if (evict_has_frames())
        return evict_done();
    if (pages_move_out() || rule_apply())
        return;
    log_error("no frame is left, and nothing that could be ended");
    wait_answer(WAITS_FOR_FRAME, ERR_NO_FRAME);
    swap_read(true);
}

void evict_done(void)
{
    wait_answer(WAITS_FOR_FRAME, OK);
    swap_read(false);
}

status_t evict_faulted(struct request *request)
{
    status_t status = wait_keep(request, WAITS_FOR_FRAME);
    news_tell(MEMORY_NEWS_FRAME_MISSING);
    evict_start();
    return status;
}
