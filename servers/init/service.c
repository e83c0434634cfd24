// Starting services, and what happens when they end.

#include "init.h"

#include <baton/log.h>
#include <baton/start.h>
#include <baton/system.h>

#include <protocols/memory.h>

#include <string.h>

static constexpr uint32_t SYSTEM_CRASHED = 125;

// Why no service gets the receive right of another: a port is found only as a handle to call it.
static handle_t port_find(const char *name)
{
    for (unsigned i = 0; i < service_count; i++) {
        const char *serves = services[i].line.serves;
        if (serves && strcmp(serves, name) == 0)
            return services[i].call;
    }
    if (strcmp(name, "service") != 0)
        return start_handle(name);
    static handle_t own_call;
    uint64_t derived;
    if (!own_call && system_port_derive(own_port, 0,
                                        RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER,
                                        &derived) == OK)
        own_call = (handle_t)derived;
    return own_call;
}

static status_t port_make(struct service *service)
{
    uint64_t port, call;
    status_t status = system_port_create(service->line.protocol, &port);
    if (status != OK)
        return status;
    status = system_port_derive((handle_t)port, 0, RIGHT_CALL | RIGHT_DUPLICATE | RIGHT_TRANSFER,
                                &call);
    if (status != OK) {
        (void)system_handle_close((handle_t)port);
        return status;
    }
    if (service->call)
        (void)system_handle_close(service->call);
    service->port = (handle_t)port;
    service->call = (handle_t)call;
    return OK;
}

void ports_make(void)
{
    for (unsigned i = 0; i < service_count; i++) {
        status_t status = services[i].line.serves ? port_make(&services[i]) : OK;
        if (status != OK)
            log_error("%s: no port: %s", services[i].line.name, status_text(status));
    }
}

// The handles that a service gets; those that nobody has are left out, with a line in the log.
static unsigned handles_collect(const struct service *service, struct spawn_handle *handles)
{
    unsigned count = 0;
    for (unsigned i = 0; i < service->line.uses; i++) {
        const struct service_use *use = &service->line.use[i];
        handle_t handle = port_find(use->what);
        if (handle)
            handles[count++] = (struct spawn_handle){use->as, handle, RIGHTS_ALL, false};
        else
            log_warning("%s: nobody serves %s", service->line.name, use->what);
    }
    if (service->port)
        handles[count++] =
            (struct spawn_handle){service->line.serves, service->port, RIGHTS_ALL, true};
    return count;
}

// What `ps` shows and argv[0] is the path; a line to run comes with the session alone.
static status_t start(struct service *service, uint64_t badge)
{
    struct spawn_handle handles[USES_MAXIMUM + 1];
    const char *const line_arguments[] = {service->line.path, "-c", run_line, nullptr};
    const char *const arguments[] = {service->line.path, nullptr};
    const char *const environment[] = {run_line ? "MODE=line" : "MODE=interactive", nullptr};
    struct spawn what = {
        .program = start_handle("program"),
        .path = service->line.path,
        .name = service->line.name,
        .arguments = service->line.session && run_line ? line_arguments : arguments,
        .environment = environment,
        .handles = handles,
        .handle_count = handles_collect(service, handles),
        .limit_frames = service->line.limit_frames,
    };
    status_t status = spawn(&what, own_port, badge, &service->child);
    if (status == OK)
        service->port = HANDLE_NONE; // it went with the child
    return status;
}

void process_keep(uint32_t process, uint64_t frames)
{
    status_t status = memory_set_policy(start_handle("memory"), process, true, frames,
                                        start_handle("system"));
    if (status != OK)
        log_warning("process %u may be ended to make room: %s", process, status_text(status));
}

status_t service_start(unsigned index)
{
    struct service *service = &services[index];
    status_t status = start(service, index);
    if (status != OK) {
        log_error("%s: cannot start %s: %s", service->line.name, service->line.path,
                  status_text(status));
        return status;
    }
    process_keep(service->child.number, service->line.limit_frames);
    log_info("%s is process %u", service->line.name, service->child.number);
    return OK;
}

static void restart(unsigned index)
{
    struct service *service = &services[index];
    status_t status = service->line.serves ? port_make(service) : OK;
    if (status == OK)
        status = service_start(index);
    if (status != OK && service->line.session)
        system_stop(SYSTEM_CRASHED);
    service->lost = status != OK;
}

// Without the terminal a session ends at once, and would do so again and again.
static bool is_any_lost(void)
{
    bool lost = false;
    for (unsigned i = 0; i < service_count; i++)
        lost = lost || services[i].lost;
    return lost;
}

// Once the session cannot go on, neither can the system.
static void service_ended(unsigned index, bool crashed)
{
    struct service *service = &services[index];
    bool free_restart = service->line.session && !crashed && !is_any_lost();
    if (!free_restart && service->line.restarts == 0) {
        log_error("%s is not started again", service->line.name);
        if (service->line.session)
            system_stop(SYSTEM_CRASHED);
        service->lost = true;
        return;
    }
    if (!free_restart)
        service->line.restarts--;
    restart(index);
}

void service_died(struct server *server, const struct server_death *death)
{
    (void)server;
    if (death->badge >= service_count)
        return;
    struct service *service = &services[death->badge];
    child_close(&service->child);
    bool crashed = death->cause != END_EXITED;
    if (service->line.session && run_line && !crashed)
        system_stop(death->status);
    if (crashed || !service->line.session)
        log_error("%s %s with status %u, at 0x%lx", service->line.name,
                  crashed ? "crashed" : "ended", death->status, death->address);
    if (run_line) {
        log_error("the line cannot be run to its end without %s", service->line.name);
        system_stop(SYSTEM_CRASHED);
    }
    service_ended((unsigned)death->badge, crashed);
}
