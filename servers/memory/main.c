// The memory server: holds the limit for all memory that is not handed out, and makes processes
// with accounts that are funded from it.
//
// The sum of all limits never exceeds what this process began with, since every limit is taken from
// its own account; when a process ends, the kernel puts its limit back there. So what is handed out
// is the difference between the limit at the start and the limit now. It is also the pager of all
// of them (stack.c). Never calls another server.

#include "cookie.h"
#include "evict.h"
#include "map.h"
#include "memory.h"
#include "policy.h"
#include "rule.h"
#include "stack.h"
#include "swap.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/start.h>
#include <baton/system.h>

#include <string.h>

static constexpr int STARTED_WRONG = 1;

struct self self;
_Atomic(uint64_t) *cookies_unseen;

static uint32_t processes; // made here and not yet ended

static uint64_t limit_now(void)
{
    uint64_t used, limit;
    status_t status = system_account_query(HANDLE_NONE, &used, &limit);
    return status == OK ? limit : 0;
}

uint64_t limit_left(void)
{
    uint64_t used, limit;
    status_t status = system_account_query(HANDLE_NONE, &used, &limit);
    return status == OK && limit > used ? limit - used : 0;
}

status_t kernel_ask(uint32_t topic, uint64_t index, uint64_t *records)
{
    return system_system_query(self.system, topic, index, (uaddr_t)self.machine, records);
}

static parcel_t cookies_parcel(void)
{
    return pages_parcel((uaddr_t)cookies_unseen, COOKIE_PAGES, PARCEL_NONE, 0);
}

// Its end and its faults come to this server's port.
static status_t watch_and_page(handle_t process, const char *name, uint64_t limit)
{
    uint64_t type, number;
    status_t status = system_handle_query(process, &type, &number);
    if (status == OK)
        status = system_process_pager(process, self.port, number, cookies_parcel());
    if (status == OK)
        status = holder_opened((uint32_t)number, name, limit);
    if (status != OK)
        return status;
    status = system_process_watch(process, 0, self.port, 0);
    if (status != OK)
        (void)holder_ended((uint32_t)number);
    return status;
}

// Takes frames from what a process may have.
static void handed_out(uint32_t process, uint64_t frames)
{
    promise_use(process, frames);
    news_look();
}

static status_t open_process(struct request *request, uint64_t limit, const char *name,
                             struct memory_open_results *results)
{
    uint64_t name_words[2] = {}, process;
    memcpy(name_words, name, strnlen(name, sizeof name_words));
    status_t status = ERR_NO_MEMORY;
    if (limit_allows(request_process(request), limit))
        status = system_process_create(limit, name_words[0], name_words[1], &process);
    if (status != OK) {
        log_warning("process %u: no process %s with %lu frames, %lu are left: %s",
                    request_process(request), name, limit, limit_left_for(request_process(request)),
                    status_text(status));
        return status;
    }
    status = watch_and_page((handle_t)process, name, limit);
    if (status != OK) {
        (void)system_process_end((handle_t)process, 0);
        (void)system_handle_close((handle_t)process);
        return status;
    }
    processes++;
    handed_out(request_process(request), limit);
    log_debug("opened %s with %lu frames for process %u", name, limit, request_process(request));
    results->process = (handle_t)process;
    return OK;
}

static status_t fund(struct request *request, uint64_t frames, handle_t process)
{
    uint64_t type, number = 0;
    status_t status = system_handle_query(process, &type, &number);
    if (status == OK && !limit_allows(request_process(request), frames))
        status = ERR_NO_MEMORY;
    if (status == OK)
        status = system_account_fund(HANDLE_NONE, process, frames);
    if (status == OK) {
        holder_funded((uint32_t)number, frames);
        handed_out(request_process(request), frames);
    }
    status_t closed = system_handle_close(process);
    log_debug("%lu frames more, for process %u: %s", frames, request_process(request),
              status_text(status));
    return status == OK ? closed : status;
}

static status_t query(struct request *request, struct memory_query_results *results)
{
    (void)request;
    uint64_t records;
    status_t status = kernel_ask(QUERY_MACHINE, 0, &records);
    if (status != OK)
        return status;
    results->total = self.machine->frames_total;
    results->free = self.machine->frames_free;
    results->handed_out = self.limit_at_start - limit_now();
    results->processes = processes;
    return OK;
}

static status_t state(struct request *request, struct memory_state_results *results)
{
    (void)request;
    struct swap_state swap = swap_state();
    *results = (struct memory_state_results){
        .overcommit = self.overcommit,
        .ended = rule_count(),
        .last_ended = rule_last(),
        .swap_pages = swap.pages,
        .swap_used = swap.used,
        .moved_out = swap.moved_out,
        .moved_in = swap.moved_in,
    };
    return OK;
}

static void died(struct server *server, const struct server_death *death)
{
    (void)server;
    processes -= holder_ended(death->process);
    map_forget(death->process);
    log_debug("process %u ended; %lu frames left", death->process, limit_now());
    news_look();
    if (rule_died(death->process))
        evict_done();
}

static ticks_t next_deadline(struct server *server)
{
    (void)server;
    return rule_deadline();
}

static void timed_out(struct server *server)
{
    (void)server;
    rule_give_up();
    evict_start();
}

static status_t begin(void)
{
    void *page, *bits;
    uint64_t records;
    status_t status = pages_allocate(1, &page);
    if (status == OK)
        status = pages_allocate(COOKIE_PAGES, &bits);
    if (status != OK)
        return status;
    self.machine = page;
    cookies_unseen = bits;
    self.port = start_handle("memory");
    self.system = start_handle("system");
    self.limit_at_start = limit_now();
    status = kernel_ask(QUERY_MACHINE, 0, &records);
    self.overcommit = self.machine->overcommit;
    log_info("%lu frames to hand out", self.limit_at_start);
    if (self.overcommit > 1)
        log_info("that is %u times what there is; %lu frames are kept for the boot modules",
                 self.overcommit, self.machine->frames_kept);
    map_prepare(self.port);
    swap_start();
    return status;
}

static void completed(struct server *server, const struct server_completion *completion)
{
    (void)server;
    if (completion->badge > MAP_BADGE)
        map_completed(completion);
    else
        swap_completed(completion);
}

int main(void)
{
    static const struct memory_server handlers = {.open = open_process,
                                                  .fund = fund,
                                                  .query = query,
                                                  .reserve = policy_reserve,
                                                  .release = policy_release,
                                                  .set_policy = policy_set,
                                                  .policy = policy_tell,
                                                  .watch = policy_watch,
                                                  .unwatch = policy_unwatch,
                                                  .state = state,
                                                  .map = map_open,
                                                  .pager = map_pager};
    if (begin() != OK || !stack_prepare())
        return STARTED_WRONG;
    struct server server = {.port = self.port,
                            .protocols = {memory_serve(&handlers)},
                            .died = died,
                            .completed = completed,
                            .faulted = process_faulted,
                            .next_deadline = next_deadline,
                            .timed_out = timed_out};
    status_t status = server_run(&server);
    log_error("cannot receive: %s", status_text(status));
    return STARTED_WRONG;
}
