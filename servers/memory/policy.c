#include "policy.h"

#include "memory.h"
#include "swap.h"

#include <baton/log.h>
#include <baton/system.h>

#include <string.h>

// What this server itself uses while it moves pages, where memory can run out.
static constexpr uint64_t OWN_FRAMES = 64;

static uint64_t promised; // to all together
static unsigned watchers; // who want to hear that little is left

// --- promises ------------------------------------------------------------------------------------

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t limit_left_for(uint32_t process)
{
    const struct holder *holder = holder_find(process);
    uint64_t others = promised - (holder != nullptr ? holder->promised : 0);
    if (self.overcommit > 1)
        others += OWN_FRAMES;
    uint64_t left = limit_left();
    return left - least(left, others);
}

bool limit_allows(uint32_t process, uint64_t frames)
{
    return (promised == 0 && self.overcommit == 1) || frames <= limit_left_for(process);
}

void promise_use(uint32_t process, uint64_t frames)
{
    struct holder *holder = holder_find(process);
    if (holder == nullptr)
        return;
    uint64_t used = least(holder->promised, frames);
    holder->promised -= used;
    promised -= used;
}

// Whoever asks for something that lasts is remembered until it ends.
static status_t holder_of(const struct request *request, struct holder **holder)
{
    uint32_t process = request_process(request);
    *holder = holder_find(process);
    if (*holder != nullptr)
        return OK;
    status_t status = holder_add(process, holder);
    if (status != OK)
        return status;
    (*holder)->resident = true; // a boot module's program
    status = system_process_watch(HANDLE_NONE, process, self.port, 0);
    if (status != OK)
        holder_remove(*holder);
    return status;
}

status_t policy_reserve(struct request *request, uint64_t frames)
{
    struct holder *holder;
    status_t status = holder_of(request, &holder);
    if (status != OK)
        return status;
    uint64_t left = limit_left_for(holder->process);
    if (frames > left - least(left, holder->promised))
        return ERR_NO_MEMORY;
    holder->promised += frames;
    promised += frames;
    news_look();
    return OK;
}

status_t policy_release(struct request *request, uint64_t frames)
{
    struct holder *holder = holder_find(request_process(request));
    if (holder == nullptr || frames > holder->promised)
        return frames == 0 ? OK : ERR_BAD_ARGUMENT;
    promise_use(holder->process, frames);
    news_look();
    return OK;
}

static void watch_end(struct holder *holder)
{
    if (holder->notification != HANDLE_NONE)
        (void)system_handle_close(holder->notification);
    watchers -= (holder->news & MEMORY_NEWS_LITTLE_LEFT) != 0;
    holder->notification = HANDLE_NONE;
    holder->news = 0;
    holder->little = 0;
    holder->below = false;
}

// --- rights --------------------------------------------------------------------------------------

status_t holder_opened(uint32_t process, const char *name, uint64_t frames)
{
    struct holder *holder;
    status_t status = holder_add(process, &holder);
    if (status != OK)
        return status;
    holder->opened = true;
    holder->right = frames / self.overcommit;
    memcpy(holder->name, name, strnlen(name, sizeof holder->name));
    return OK;
}

void holder_funded(uint32_t process, uint64_t frames)
{
    struct holder *holder = holder_find(process);
    if (holder != nullptr)
        holder->right += frames / self.overcommit;
}

bool holder_ended(uint32_t process)
{
    struct holder *holder = holder_find(process);
    if (holder == nullptr)
        return false;
    bool opened = holder->opened;
    swap_forget(holder);
    promised -= holder->promised;
    watch_end(holder);
    holder_remove(holder);
    return opened;
}

status_t policy_set(struct request *request, uint32_t process, bool resident, uint64_t frames,
                    handle_t system)
{
    struct holder *holder = holder_find(process);
    (void)system_handle_close(system);
    if (holder == nullptr)
        return ERR_NOT_FOUND;
    holder->resident = resident;
    holder->right = frames;
    log_debug("process %u: %s, a right to %lu frames, says process %u", process,
              resident ? "resident" : "not resident", frames, request_process(request));
    return OK;
}

status_t policy_tell(struct request *request, uint32_t process,
                     struct memory_policy_results *results)
{
    (void)request;
    const struct holder *first = nullptr;
    for (unsigned i = 0; i < holder_count(); i++) {
        const struct holder *holder = holder_at(i);
        if (holder->process >= process && (first == nullptr || holder->process < first->process))
            first = holder;
    }
    if (first == nullptr)
        return OK;
    results->found = first->process;
    results->resident = first->resident;
    results->frames = first->right;
    results->promised = first->promised;
    return OK;
}

// --- news ----------------------------------------------------------------------------------------

static void tell(const struct holder *holder, uint32_t news)
{
    if ((holder->news & news) != 0)
        (void)message_signal(holder->notification, holder->news & news);
}

void news_tell(enum memory_news news)
{
    for (unsigned i = 0; i < holder_count(); i++)
        tell(holder_at(i), news);
}

void news_look(void)
{
    if (watchers == 0)
        return;
    uint64_t left = limit_left();
    left -= least(left, promised);
    for (unsigned i = 0; i < holder_count(); i++) {
        struct holder *holder = holder_at(i);
        bool below = left < holder->little;
        if (below && !holder->below)
            tell(holder, MEMORY_NEWS_LITTLE_LEFT);
        holder->below = below;
    }
}

status_t policy_watch(struct request *request, uint32_t news, uint64_t frames,
                      handle_t notification)
{
    struct holder *holder;
    status_t status = holder_of(request, &holder);
    if (status != OK) {
        (void)system_handle_close(notification);
        return status;
    }
    watch_end(holder);
    holder->news = news;
    watchers += (news & MEMORY_NEWS_LITTLE_LEFT) != 0;
    holder->little = frames;
    holder->notification = notification;
    news_look();
    return OK;
}

status_t policy_unwatch(struct request *request)
{
    struct holder *holder = holder_find(request_process(request));
    if (holder != nullptr)
        watch_end(holder);
    return OK;
}
