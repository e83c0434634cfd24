// The first program: starts what /etc/services names, and keeps it running.

#include "init.h"
#include "power.h"

#include <baton/log.h>
#include <baton/message.h>
#include <baton/start.h>
#include <baton/system.h>
#include <baton/time.h>

#include <protocols/program.h>
#include <protocols/service.h>

#include <stdlib.h>

static constexpr uint32_t SYSTEM_CRASHED = 125;
static constexpr uint64_t LOADER_PATIENCE_NS = NS_PER_SECOND;

struct service services[SERVICES_MAXIMUM];
unsigned service_count;
char *run_line;
handle_t own_port;

// The loader hears of a crash too, and logs the names of the program's functions. Its port hands
// out deaths before requests: once it has answered anything at all, its lines are in the log.
static void crash_names_wait(void)
{
    struct message nothing = {.tag = (uint64_t)PROGRAM_PROTOCOL << TAG_PROTOCOL_SHIFT};
    (void)message_call(start_handle("program"), &nothing, deadline_after(LOADER_PATIENCE_NS));
}

void system_stop(uint32_t status)
{
    crash_names_wait();
    log_info("ending the system with status %u", status);
    handle_t system = start_handle("system");
    status_t refused = system_system_end(system, SYSTEM_EXIT, status);
    if (refused == OK) { // no emulator
        power_off_or_reset(system, start_handle("io"));
        refused = system_system_end(system, SYSTEM_RESET, status);
    }
    log_error("cannot end the system: %s", status_text(refused));
    exit(1);
}

static void complain(unsigned line, const char *what)
{
    log_error("/etc/services:%u: %s", line, what);
}

static void services_read(void)
{
    static struct service_line lines[SERVICES_MAXIMUM];
    char *text;
    if (file_text("/etc/services", &text) && text)
        service_count = services_parse(text, lines, complain);
    for (unsigned i = 0; i < service_count; i++)
        services[i].line = lines[i];
    if (service_count == 0) {
        log_error("/etc/services names no service");
        system_stop(SYSTEM_CRASHED);
    }
}

// Services in the order of their lines, sessions last. A line is run with all of them or not at
// all: its output would be lost, and its status say nothing.
static void services_start(void)
{
    for (unsigned session = 0; session < 2; session++) {
        for (unsigned i = 0; i < service_count; i++) {
            bool now = services[i].line.session == (session == 1);
            if (now && service_start(i) != OK && (session == 1 || run_line))
                system_stop(SYSTEM_CRASHED);
        }
    }
}

int main(void)
{
    log_info("main at %lu ticks after boot", ticks_now() - start_page()->boot_ticks);
    uint64_t port;
    status_t status = system_port_create(SERVICE_PROTOCOL, &port);
    if (status != OK) {
        log_error("no port: %s", status_text(status));
        return 1;
    }
    own_port = (handle_t)port;
    process_keep(start_process(), 0);
    // Somebody waits for the end of a line, and not at a terminal.
    if (!file_text("/etc/run-line", &run_line))
        system_stop(SYSTEM_CRASHED);
    services_read();
    ports_make();
    services_start();
    struct server server = {
        .port = own_port, .protocols = {service_serve(&find_handlers)}, .died = service_died};
    log_error("cannot receive: %s", status_text(server_run(&server)));
    return 1;
}
