// What init's files share.
#pragma once

#include "table.h"

#include <baton/server.h>
#include <baton/spawn.h>

struct service {
    struct service_line line;
    struct child child;  // number 0: does not run
    handle_t port;       // with the receive right, until the service has been started with it
    handle_t call;       // to call its port
    bool lost;           // has ended, and is not started again
};

extern struct service services[SERVICES_MAXIMUM];
extern unsigned service_count;

// The line that is run instead of an interactive session, or null.
extern char *run_line;

// The port that init serves and hears of deaths at.
extern handle_t own_port;

// Makes the ports that services serve.
void ports_make(void);

// Starts a service; logs why it cannot.
status_t service_start(unsigned index);

// Has a process stay whoever needs memory: it is resident, with a right to so many frames.
void process_keep(uint32_t process, uint64_t frames);

// A service has ended: starts it again, or ends the system.
void service_died(struct server *server, const struct server_death *death);

// Ends the system.
[[noreturn]] void system_stop(uint32_t status);

// Reads a whole file into memory of its own, ended by 0; null if it is not there. False if it is
// there and cannot be read, which is logged.
bool file_text(const char *path, char **text);

extern const struct service_server find_handlers;
