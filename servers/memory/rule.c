#include "rule.h"

#include "holder.h"
#include "memory.h"
#include "policy.h"

#include <baton/log.h>
#include <baton/system.h>

static constexpr uint64_t PATIENCE_NS = 2 * NS_PER_SECOND;
static constexpr uint32_t STATUS_ENDED = 137; // as elsewhere, of who was killed

static uint32_t ending; // 0: none
static ticks_t deadline;
static uint32_t count, last;

bool rule_is_ending(void)
{
    return ending != 0;
}

ticks_t rule_deadline(void)
{
    return ending != 0 ? deadline : 0;
}

void rule_give_up(void)
{
    log_warning("process %u has not ended yet", ending);
    ending = 0;
}

bool rule_died(uint32_t process)
{
    if (process != ending)
        return false;
    ending = 0;
    return true;
}

uint32_t rule_count(void)
{
    return count;
}

uint32_t rule_last(void)
{
    return last;
}

struct candidate {
    const struct holder *holder;
    uint64_t frames; // that are its alone
    int64_t excess;  // of them, beyond its right
};

// False: it may not be ended, or has ended already.
static bool look(const struct holder *holder, struct candidate *candidate)
{
    uint64_t records;
    if (!holder->opened || holder->resident ||
        kernel_ask(QUERY_MEMORY, holder->process, &records) != OK || records == 0)
        return false;
    const struct query_memory *m = (const struct query_memory *)self.machine;
    if (m->number != holder->process || m->state >= PROCESS_ENDING)
        return false;
    uint64_t frames = m->pages - m->shared + m->tables + m->objects;
    *candidate = (struct candidate){holder, frames, (int64_t)(frames - holder->right)};
    return true;
}

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    if (b->holder == nullptr || a->excess != b->excess)
        return b->holder == nullptr || a->excess > b->excess;
    return a->holder->process > b->holder->process;
}

static status_t end(const struct holder *holder)
{
    uint64_t handle;
    status_t status = system_process_paged(self.port, holder->process, &handle);
    if (status != OK)
        return status;
    status = system_process_end((handle_t)handle, STATUS_ENDED);
    (void)system_handle_close((handle_t)handle);
    return status;
}

bool rule_apply(void)
{
    struct candidate first = {}, next;
    for (unsigned i = 0; i < holder_count(); i++)
        if (look(holder_at(i), &next) && is_before(&next, &first))
            first = next;
    if (first.holder == nullptr || end(first.holder) != OK)
        return false;
    ending = last = first.holder->process;
    deadline = deadline_after(PATIENCE_NS);
    count++;
    log_error("no frame is left: %.16s (process %u) is ended, by the rule in memory.protocol; %lu "
              "frames are its alone, and it has a right to %lu",
              first.holder->name, last, first.frames, first.holder->right);
    news_tell(MEMORY_NEWS_ENDED);
    return true;
}
