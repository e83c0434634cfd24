// The ext2 server: serves `file` from what `block` holds.

#include "service.h"

#include <baton/log.h>
#include <baton/server.h>
#include <baton/start.h>

static void client_died(struct server *server, const struct server_death *death)
{
    (void)server;
    service_forget(death->process);
}

int main(void)
{
    struct server server = {
        .port = start_handle("file"),
        .protocols = {file_serve(&service_handlers)},
        .died = client_died,
    };
    service_mount(start_handle("block"));
    status_t status = server_run(&server);
    log_error("file: %s", status_text(status));
    return 1;
}
