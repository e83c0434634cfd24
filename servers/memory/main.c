// The memory server: holds the limit for all memory that is not handed out, and makes processes
// with accounts that are funded from it.
//
// The sum of all limits never exceeds what this process began with, since every limit is taken from
// its own account; when a process ends, the kernel puts its limit back there. So what is handed out
// is the difference between the limit at the start and the limit now. It is also the pager of all
// of them (stack.c). Never calls another server.

#include "map.h"
#include "stack.h"

#include <baton/log.h>
#include <baton/parcel.h>
#include <baton/server.h>
#include <baton/start.h>
#include <baton/system.h>
#include <abi/query.h>

#include <protocols/memory.h>

#include <string.h>

static constexpr int STARTED_WRONG = 1;

static struct {
    handle_t port, system;
    uint64_t limit_at_start; // frames
    uint32_t processes;      // made here and not yet ended
    struct query_machine *machine; // a page of its own
} memory;

static uint64_t limit_now(void)
{
    uint64_t used, limit;
    status_t status = system_account_query(HANDLE_NONE, &used, &limit);
    return status == OK ? limit : 0;
}

// Of the limit, what is neither handed out nor used by this server itself.
static uint64_t limit_left(void)
{
    uint64_t used, limit;
    status_t status = system_account_query(HANDLE_NONE, &used, &limit);
    return status == OK && limit > used ? limit - used : 0;
}

// Its end and its faults come to this server's port.
static status_t watch_and_page(handle_t process)
{
    uint64_t type, number;
    status_t status = system_handle_query(process, &type, &number);
    if (status == OK)
        status = system_process_pager(process, memory.port, number, map_unseen());
    if (status == OK)
        status = system_process_watch(process, 0, memory.port, 0);
    return status;
}

static status_t open_process(struct request *request, uint64_t limit, const char *name,
                             struct memory_open_results *results)
{
    uint64_t name_words[2] = {}, process;
    memcpy(name_words, name, strnlen(name, sizeof name_words));
    status_t status = system_process_create(limit, name_words[0], name_words[1], &process);
    if (status != OK) {
        log_warning("process %u: no process %s with %lu frames, %lu are left: %s",
                    request_process(request), name, limit, limit_left(), status_text(status));
        return status;
    }
    status = watch_and_page((handle_t)process);
    if (status != OK) {
        (void)system_process_end((handle_t)process, 0);
        (void)system_handle_close((handle_t)process);
        return status;
    }
    memory.processes++;
    log_debug("opened %s with %lu frames for process %u", name, limit, request_process(request));
    results->process = (handle_t)process;
    return OK;
}

static status_t fund(struct request *request, uint64_t frames, handle_t process)
{
    status_t status = system_account_fund(HANDLE_NONE, process, frames);
    status_t closed = system_handle_close(process);
    log_debug("%lu frames more, for process %u: %s", frames, request_process(request),
              status_text(status));
    return status == OK ? closed : status;
}

static status_t query(struct request *request, struct memory_query_results *results)
{
    (void)request;
    uint64_t records;
    status_t status =
        system_system_query(memory.system, QUERY_MACHINE, 0, (uaddr_t)memory.machine, &records);
    if (status != OK)
        return status;
    results->total = memory.machine->frames_total;
    results->free = memory.machine->frames_free;
    results->handed_out = memory.limit_at_start - limit_now();
    results->processes = memory.processes;
    return OK;
}

static void died(struct server *server, const struct server_death *death)
{
    (void)server;
    memory.processes--;
    map_forget(death->process);
    log_debug("process %u ended; %lu frames left", death->process, limit_now());
}

static void completed(struct server *server, const struct server_completion *completion)
{
    (void)server;
    map_completed(completion);
}

int main(void)
{
    static const struct memory_server handlers = {
        .open = open_process, .fund = fund, .query = query, .map = map_open, .pager = map_pager};
    void *page;
    if (pages_allocate(1, &page) != OK)
        return STARTED_WRONG;
    memory.machine = page;
    if (!stack_prepare())
        return STARTED_WRONG;
    memory.port = start_handle("memory");
    memory.system = start_handle("system");
    if (map_prepare(memory.port) != OK)
        return STARTED_WRONG;
    memory.limit_at_start = limit_now();
    log_info("%lu frames to hand out", memory.limit_at_start);
    struct server server = {.port = memory.port,
                            .protocols = {memory_serve(&handlers)},
                            .died = died,
                            .completed = completed,
                            .faulted = process_faulted};
    status_t status = server_run(&server);
    log_error("cannot receive: %s", status_text(status));
    return STARTED_WRONG;
}
